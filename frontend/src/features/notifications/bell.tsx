import { Popover } from '@base-ui/react/popover';
import { useState } from 'react';
import { Button } from '@/components/button';
import { BellIcon } from '@/components/icons';
import styles from './bell.module.css';
import { NotificationList } from './notification-list';
import { useInbox } from './use-inbox';

/** The bell in the header: how many notifications are unread, and the list of all of them. */
export function Bell() {
  const [isOpen, setIsOpen] = useState(false);
  const inbox = useInbox();
  const { unreadCount } = inbox;

  return (
    <Popover.Root open={isOpen} onOpenChange={setIsOpen}>
      <Popover.Trigger
        render={
          <Button
            look="quiet"
            isIcon
            className={styles.bell ?? ''}
            aria-label={`Notifications, ${unreadCount} unread`}
          />
        }
      >
        <BellIcon />
        {unreadCount > 0 && (
          <span className={styles.badge} aria-hidden="true">
            {unreadCount > 9 ? '9+' : unreadCount}
          </span>
        )}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner
          className={styles.positioner}
          align="end"
          sideOffset={8}
          collisionPadding={12}
        >
          <Popover.Popup className={styles.popup}>
            <div className={styles.header}>
              <Popover.Title className={styles.title}>Notifications</Popover.Title>
              {unreadCount > 0 && (
                <Button look="quiet" onClick={inbox.readAll}>
                  Mark all as read
                </Button>
              )}
            </div>
            <NotificationList inbox={inbox} close={() => setIsOpen(false)} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
