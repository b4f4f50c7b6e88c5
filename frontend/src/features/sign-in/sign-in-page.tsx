import { useEffect } from 'react';
import { Navigate, useSearchParams } from 'react-router';
import { PageHeading } from '@/components/page-heading';
import { StoneMark } from '@/components/stone-mark';
import { isServerRendered, safeReturnTo, startPageOf } from '@/lib/paths';
import { restoreSession, wasSignedIn } from '@/lib/session';
import { useSession } from '@/lib/use-session';
import { SignInForm } from './sign-in-form';
import styles from './sign-in-page.module.css';
import { SignedInAlready } from './signed-in-already';

/** Lets people in, and sends them on to where they wanted to go. */
export function SignInPage() {
  const [parameters] = useSearchParams();
  const returnTo = safeReturnTo(parameters.get('returnTo'));
  const session = useSession();

  useEffect(() => {
    if (wasSignedIn()) void restoreSession();
  }, []);

  if (session.status === 'signed-in') {
    if (returnTo && !isServerRendered(returnTo)) return <Navigate to={returnTo} replace />;
    return (
      <div className={styles.page}>
        <SignedInAlready user={session.user} goOn={returnTo ?? startPageOf(session.user)} />
      </div>
    );
  }

  return (
    <div className={styles.page}>
      <StoneMark size={40} className={styles.mark} />
      <PageHeading title="Sign in" lead="Use the e-mail address your workspace was made for." />
      <SignInForm
        reason={session.status === 'signed-out' && session.because === 'expired' ? EXPIRED : null}
        returnTo={returnTo}
      />
    </div>
  );
}

const EXPIRED = 'Your session has ended. Please sign in again.';
