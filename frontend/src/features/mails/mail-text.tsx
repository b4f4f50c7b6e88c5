import { Link } from 'react-router';
import { ChevronLeftIcon } from '@/components/icons';
import { LoadingFailure } from '@/components/loading-failure';
import { RelativeTime } from '@/components/relative-time';
import { Skeleton } from '@/components/skeleton';
import { linked } from './linked';
import styles from './mails-page.module.css';
import { useMail } from './use-mails';

/** One mail: who, what, and its text with links that can be followed. */
export function MailText({ id }: { id: string }) {
  const mail = useMail(id);
  if (mail.isError) return <LoadingFailure error={mail.error} retry={() => void mail.refetch()} />;
  if (mail.isPending) return <Skeleton width="long" />;

  const { subject, from, to, createdAt, text } = mail.data;
  return (
    <article aria-labelledby="subject">
      <Link to="?" className={styles.back}>
        <ChevronLeftIcon /> All mails
      </Link>
      <h2 id="subject" className={styles.title}>
        {subject}
      </h2>
      <dl className={styles.facts}>
        <dt>From</dt>
        <dd>{from}</dd>
        <dt>To</dt>
        <dd>{to}</dd>
        <dt>Written</dt>
        <dd>
          <RelativeTime at={createdAt} />
        </dd>
      </dl>
      <div className={styles.text}>
        {linked(text).map((part) =>
          part.href ? (
            <a key={part.at} href={part.href} rel="noreferrer">
              {part.text}
            </a>
          ) : (
            part.text
          ),
        )}
      </div>
    </article>
  );
}
