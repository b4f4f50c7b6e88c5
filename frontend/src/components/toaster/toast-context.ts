import { createContext, useContext } from 'react';
import type { ToastStore } from './toast-store';

export const ToastContext = createContext<ToastStore | null>(null);

/** Shows a message over the page for a while: `show({ tone: 'success', message: '…' })`. */
export function useToasts(): ToastStore {
  const store = useContext(ToastContext);
  if (store === null) throw new Error('useToasts needs a <ToastContext> above it');
  return store;
}
