import { createContext } from 'react';
import type { LiveState } from './live-connection';

export interface SignalR {
  state: LiveState;
  start: () => void;
  stop: () => Promise<void>;
  /** Tries now instead of at the end of the current wait. */
  reconnect: () => void;
  /** Calls `handler` for each `event` until the answer is called. */
  on: <Args extends unknown[]>(event: string, handler: (...args: Args) => void) => () => void;
}

export const SignalRContext = createContext<SignalR | null>(null);
