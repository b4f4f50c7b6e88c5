import { useEffect, useState } from 'react';
import { ToastContext } from '@/components/toaster/toast-context';
import { ToastStore } from '@/components/toaster/toast-store';
import { Toaster } from '@/components/toaster/toaster';
import { followOtherTabs } from '@/lib/session';
import { PageBoundary } from './page-boundary';
import { Pages } from './routes';

/** The whole application; it needs a router around it. */
export function App() {
  const [toasts] = useState(() => new ToastStore());
  useEffect(followOtherTabs, []);

  return (
    <ToastContext value={toasts}>
      <PageBoundary>
        <Pages />
      </PageBoundary>
      <Toaster />
    </ToastContext>
  );
}
