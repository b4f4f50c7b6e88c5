import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useToasts } from './toast-context';
import { ToastSlot } from './toast-slot';
import styles from './toaster.module.css';

/**
 * Shows the toasts. Mounted once, outside the pages. F6 moves the focus to the toasts, Escape
 * dismisses the focused one; both the pointer and the focus hold them on the screen.
 */
export function Toaster() {
  const store = useToasts();
  const slots = useSyncExternalStore(store.subscribe, () => store.slots);
  const [isHovered, setIsHovered] = useState(false);
  const [isFocused, setIsFocused] = useState(false);
  const isPageHidden = useIsPageHidden();
  const region = useRef<HTMLElement>(null);
  const goBack = useToastKey(region);
  const isEmpty = slots.every((toast) => toast === null);

  // A dismissed toast takes the pointer's and the focus's leaving with it.
  useEffect(() => {
    if (!isEmpty) return;
    setIsHovered(false);
    setIsFocused(false);
  }, [isEmpty]);

  function dismiss(id: number) {
    const hadFocus = region.current?.contains(document.activeElement) ?? false;
    store.dismiss(id);
    if (hadFocus) goBack();
  }

  return (
    <section
      ref={region}
      aria-label="Messages"
      className={styles.region}
      onPointerEnter={() => setIsHovered(true)}
      onPointerLeave={() => setIsHovered(false)}
      onFocus={() => setIsFocused(true)}
      onBlur={() => setIsFocused(false)}
    >
      {slots.map((toast, slot) => (
        <ToastSlot
          // biome-ignore lint/suspicious/noArrayIndexKey: a slot is its place, and stays mounted
          key={slot}
          toast={toast}
          isHeld={isHovered || isFocused || isPageHidden}
          dismiss={dismiss}
        />
      ))}
    </section>
  );
}

/** F6 goes to the newest toast; the answer goes back to where the focus was before. */
function useToastKey(region: React.RefObject<HTMLElement | null>): () => void {
  const cameFrom = useRef<HTMLElement | null>(null);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'F6') return;
      const target = region.current?.querySelector<HTMLElement>('a, button');
      if (!target || region.current?.contains(document.activeElement)) return;
      event.preventDefault();
      cameFrom.current = document.activeElement as HTMLElement | null;
      target.focus();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [region]);

  return () => {
    const target = cameFrom.current?.isConnected ? cameFrom.current : document.querySelector('h1');
    target?.focus();
  };
}

function useIsPageHidden(): boolean {
  return useSyncExternalStore(
    (listener) => {
      document.addEventListener('visibilitychange', listener);
      return () => document.removeEventListener('visibilitychange', listener);
    },
    () => document.visibilityState === 'hidden',
  );
}
