import { useEffect, useRef } from 'react';
import { useSignalR } from './use-signalr';

/**
 * How often to ask the server while the hub cannot tell: soon at first, then less and less.
 * The answer, in milliseconds, is for now; it is `false` while the hub is connected.
 */
export function useFallbackInterval(): () => number | false {
  const { state } = useSignalR();
  const lostAt = useRef(Date.now());

  useEffect(() => {
    if (state === 'connected')
      return () => {
        lostAt.current = Date.now();
      };
  }, [state]);

  return () => (state === 'connected' ? false : intervalAfter(Date.now() - lostAt.current));
}

export function intervalAfter(lostForMs: number): number {
  if (lostForMs < 5_000) return 1_000;
  if (lostForMs < 20_000) return 2_000;
  if (lostForMs < 60_000) return 5_000;
  return 10_000;
}
