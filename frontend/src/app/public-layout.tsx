import { Suspense, useEffect } from 'react';
import { Outlet, useLocation } from 'react-router';
import { ButtonLink } from '@/components/button';
import { paths, startPageOf } from '@/lib/paths';
import { restoreSession, wasSignedIn } from '@/lib/session';
import { useSession } from '@/lib/use-session';
import { Brand } from './brand';
import { Footer } from './footer';
import styles from './public-layout.module.css';
import { SkipLink } from './skip-link';
import { Waiting } from './waiting';

/** Around the pages that anybody may see. */
export function PublicLayout() {
  const session = useSession();
  const { pathname } = useLocation();

  useEffect(() => {
    if (wasSignedIn()) void restoreSession();
  }, []);

  return (
    <>
      <SkipLink />
      <header className={styles.header}>
        <Brand to={paths.landing} />
        {session.status === 'signed-in' ? (
          <ButtonLink to={startPageOf(session.user)}>Open Diquis</ButtonLink>
        ) : (
          pathname !== paths.signIn && <ButtonLink to={paths.signIn}>Sign in</ButtonLink>
        )}
      </header>
      <main id="main" tabIndex={-1} className={styles.main}>
        <Suspense fallback={<Waiting />}>
          <Outlet />
        </Suspense>
      </main>
      <Footer />
    </>
  );
}
