import { useState } from 'react';
import { ButtonLink } from '@/components/button';
import { PageHeading } from '@/components/page-heading';
import { paths } from '@/lib/paths';
import { SetPasswordForm } from './set-password-form';
import styles from './set-password-page.module.css';

/** Where the one-time link of a welcome mail leads: choose a password, then sign in. */
export function SetPasswordPage() {
  const [token] = useState(tokenFromLink);
  const [isSet, setIsSet] = useState(false);

  return (
    <div className={styles.page}>
      {isSet ? (
        <Done />
      ) : token === null ? (
        <Unusable />
      ) : (
        <>
          <PageHeading
            title="Choose a password"
            lead="Then you can sign in to your workspace. The link from your mail works once."
          />
          <SetPasswordForm token={token} onSet={() => setIsSet(true)} />
        </>
      )}
    </div>
  );
}

function Done() {
  return (
    <div role="status">
      <PageHeading title="Your password is set" lead="Sign in with your e-mail address and it." />
      <ButtonLink look="primary" to={paths.signIn}>
        Go to sign-in
      </ButtonLink>
    </div>
  );
}

function Unusable() {
  return (
    <>
      <PageHeading
        title="This link is not complete"
        lead="Open the link from your mail once more, or copy the whole of it into the address bar."
      />
      <ButtonLink to={paths.signIn}>Go to sign-in</ButtonLink>
    </>
  );
}

/** The token stands behind the #, where no server and no log sees it. */
function tokenFromLink(): string | null {
  return new URLSearchParams(window.location.hash.slice(1)).get('token') || null;
}
