import { Link, useSearchParams } from 'react-router';
import { classNames } from '@/components/class-names';
import { EmptyState } from '@/components/empty-state';
import { LoadingFailure } from '@/components/loading-failure';
import { PageHeading } from '@/components/page-heading';
import { RelativeTime } from '@/components/relative-time';
import { Skeleton } from '@/components/skeleton';
import { Problem } from '@/lib/problem';
import type { MailSummary } from './api';
import { MailText } from './mail-text';
import styles from './mails-page.module.css';
import { useMails } from './use-mails';

/** The mailbox of a server without SMTP: what it would have sent. */
export function MailsPage() {
  const mails = useMails({ refetchEveryMs: 5_000 });
  const [parameters] = useSearchParams();
  const chosen = parameters.get('mail');
  const isSending = mails.error instanceof Problem && mails.error.status === 404;

  return (
    <>
      <PageHeading
        title="Mails"
        lead="No mail server is set, so mails are kept here instead of being sent."
      />
      {isSending && (
        <EmptyState title="Mails are really sent">
          A mail server is configured, so there is no mailbox to look into.
        </EmptyState>
      )}
      {mails.isError && !isSending && (
        <LoadingFailure error={mails.error} retry={() => void mails.refetch()} />
      )}
      {mails.isPending && <Loading />}
      {mails.data?.items.length === 0 && (
        <EmptyState title="No mail yet">
          When somebody signs up, their welcome mail appears here.
        </EmptyState>
      )}
      {mails.data && mails.data.items.length > 0 && (
        <div className={styles.panes} data-open={chosen !== null}>
          <MailList mails={mails.data.items} chosen={chosen} />
          <div className={styles.reading}>
            {chosen ? (
              <MailText id={chosen} />
            ) : (
              <p className={styles.hint}>Choose a mail to read it.</p>
            )}
          </div>
        </div>
      )}
    </>
  );
}

function MailList({ mails, chosen }: { mails: MailSummary[]; chosen: string | null }) {
  return (
    <ul className={styles.list} aria-label="Mails">
      {mails.map((mail) => (
        <li key={mail.id}>
          <Link
            to={`?mail=${mail.id}`}
            aria-current={mail.id === chosen ? 'true' : undefined}
            className={classNames(styles.mail, mail.id === chosen && styles.chosen)}
          >
            <span className={styles.to}>{mail.to}</span>
            <span className={styles.when}>
              <RelativeTime at={mail.createdAt} />
            </span>
            <span className={styles.subject}>{mail.subject}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Loading() {
  return (
    <div role="status">
      <span className="visually-hidden">Loading mails</span>
      <Skeleton width="long" />
    </div>
  );
}
