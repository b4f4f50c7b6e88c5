import { Link } from 'react-router';
import { Button } from '@/components/button';
import { CheckCircleIcon, CrossCircleIcon, InfoIcon } from '@/components/icons';
import { LoadingFailure } from '@/components/loading-failure';
import { RelativeTime } from '@/components/relative-time';
import { paths } from '@/lib/paths';
import type { Notification, NotificationType } from './api';
import styles from './bell.module.css';
import type { useInbox } from './use-inbox';

const ICONS: Record<NotificationType, typeof InfoIcon> = {
  Success: CheckCircleIcon,
  Info: InfoIcon,
  Error: CrossCircleIcon,
};

interface Props {
  inbox: ReturnType<typeof useInbox>;
  close: () => void;
}

export function NotificationList({ inbox, close }: Props) {
  if (inbox.isError && !inbox.items) {
    return <LoadingFailure error={inbox.error} retry={() => void inbox.refetch()} />;
  }
  if (inbox.items?.length === 0) {
    return (
      <p className={styles.empty}>
        Nothing yet. When a tenant you asked for is ready, you are told here.
      </p>
    );
  }
  return (
    <>
      <ul className={styles.list}>
        {inbox.items?.map((item) => (
          <li key={item.id}>
            <Entry
              notification={item}
              open={() => {
                if (item.readAt === null) inbox.read(item.id);
                close();
              }}
            />
          </li>
        ))}
      </ul>
      {inbox.hasNextPage && (
        <Button
          look="quiet"
          className={styles.more ?? ''}
          isBusy={inbox.isFetchingNextPage}
          onClick={() => !inbox.isFetchingNextPage && void inbox.fetchNextPage()}
        >
          Show older ones
        </Button>
      )}
    </>
  );
}

function Entry({ notification, open }: { notification: Notification; open: () => void }) {
  const { type, message, details, createdAt, readAt } = notification;
  const Icon = ICONS[type];
  return (
    <Link to={paths.tenant(details.tenantId)} onClick={open} className={styles.entry}>
      <Icon data-type={type} className={styles.icon} />
      <span className={styles.message}>
        {readAt === null && <span className="visually-hidden">Unread: </span>}
        {message}
        <span className={styles.when}>
          <RelativeTime at={createdAt} />
        </span>
      </span>
      {readAt === null && <span className={styles.dot} />}
    </Link>
  );
}
