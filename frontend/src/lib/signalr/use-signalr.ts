import { useContext, useEffect, useEffectEvent, useRef } from 'react';
import { type SignalR, SignalRContext } from './signalr-context';

/** The hub connection of the signed-in user. */
export function useSignalR(): SignalR {
  const signalR = useContext(SignalRContext);
  if (signalR === null) throw new Error('useSignalR needs a <SignalRProvider> above it');
  return signalR;
}

/** Calls `handler` for each `event` while the component is mounted. */
export function useSignalREvent<Args extends unknown[]>(
  event: string,
  handler: (...args: Args) => void,
): void {
  const { on } = useSignalR();
  const latest = useEffectEvent(handler);
  useEffect(() => on<Args>(event, (...args) => latest(...args)), [on, event]);
}

/** Calls `catchUp` each time the connection is up, because events before that may have been missed. */
export function useOnConnected(catchUp: () => void): void {
  const { state } = useSignalR();
  const latest = useEffectEvent(catchUp);
  const before = useRef(state);
  useEffect(() => {
    if (state === 'connected' && before.current !== 'connected') latest();
    before.current = state;
  }, [state]);
}
