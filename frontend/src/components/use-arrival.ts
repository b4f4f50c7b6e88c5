import { type RefObject, useEffect, useRef } from 'react';
import { useNavigationType } from 'react-router';

let isFirstPage = true;

/** Names the document after the page and, after a navigation, gives its heading the focus. */
export function useArrival(title: string): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  const navigation = useNavigationType();

  useEffect(() => {
    document.title = title === 'Diquis' ? title : `${title} · Diquis`;
  }, [title]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once per page, whatever its title becomes
  useEffect(() => {
    if (!isFirstPage) heading.current?.focus({ preventScroll: navigation === 'POP' });
    isFirstPage = false;
  }, []);

  return heading;
}
