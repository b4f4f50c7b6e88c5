import { useEffect, useRef, useState } from 'react';
import { Button } from '@/components/button';
import { CheckCircleIcon } from '@/components/icons';
import styles from './sign-up-card.module.css';
import { SignUpForm } from './sign-up-form';

/** The form, and in its place the answer once it was sent. */
export function SignUpCard() {
  const [accepted, setAccepted] = useState<{ message: string; email: string } | null>(null);
  return (
    <section className={styles.card} aria-labelledby="sign-up">
      {accepted ? (
        <Accepted {...accepted} startOver={() => setAccepted(null)} />
      ) : (
        <>
          <h2 id="sign-up" className={styles.title}>
            Sign up
          </h2>
          <SignUpForm onAccepted={(message, email) => setAccepted({ message, email })} />
          <p className={styles.small}>No password now: you choose it through a link in the mail.</p>
        </>
      )}
    </section>
  );
}

function Accepted(props: { message: string; email: string; startOver: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className={styles.accepted}>
      <CheckCircleIcon className={styles.tick} />
      <h2 id="sign-up" ref={heading} tabIndex={-1} className={styles.title}>
        Check your inbox
      </h2>
      <p role="status">{props.message}</p>
      <p className={styles.small}>
        The mail goes to <strong>{props.email}</strong> as soon as your workspace is ready. You can
        close this page.
      </p>
      <Button onClick={props.startOver}>Use another e-mail</Button>
    </div>
  );
}
