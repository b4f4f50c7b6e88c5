import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { Outlet } from 'react-router';
import { NotificationToasts } from '@/features/notifications/notification-toasts';
import { SignalRProvider } from '@/lib/signalr/signalr-provider';
import { useSession } from '@/lib/use-session';
import { Footer } from './footer';
import { LiveBanner } from './live-banner';
import { createQueryClient } from './query-client';
import { SignedInHeader } from './signed-in-header';
import styles from './signed-in-layout.module.css';
import { SkipLink } from './skip-link';
import { Waiting } from './waiting';

/** Around the pages of whoever is signed in: their data, their hub connection, their bell. */
export function SignedInLayout() {
  const session = useSession();
  if (session.status !== 'signed-in') return null;
  // Another user gets another cache and another connection.
  return <Workspace key={session.user.id} />;
}

function Workspace() {
  const [queryClient] = useState(createQueryClient);
  return (
    <QueryClientProvider client={queryClient}>
      <SignalRProvider>
        <NotificationToasts />
        <SkipLink />
        <SignedInHeader />
        <LiveBanner />
        <main id="main" tabIndex={-1} className={styles.main}>
          <Suspense fallback={<Waiting />}>
            <Outlet />
          </Suspense>
        </main>
        <Footer />
      </SignalRProvider>
    </QueryClientProvider>
  );
}
