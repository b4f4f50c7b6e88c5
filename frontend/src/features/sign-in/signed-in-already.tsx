import { Button, ButtonLink } from '@/components/button';
import { PageHeading } from '@/components/page-heading';
import { isServerRendered } from '@/lib/paths';
import { signOut, type User } from '@/lib/session';
import styles from './sign-in-page.module.css';

/** Somebody is signed in here already: go on as them, or make room for another account. */
export function SignedInAlready({ user, goOn }: { user: User; goOn: string }) {
  return (
    <>
      <PageHeading title="You are signed in" lead={`As ${user.email}.`} />
      <div className={styles.actions}>
        <ButtonLink look="primary" to={goOn} reloadDocument={isServerRendered(goOn)}>
          Continue
        </ButtonLink>
        <Button onClick={() => void signOut().catch(() => undefined)}>Sign out</Button>
      </div>
    </>
  );
}
