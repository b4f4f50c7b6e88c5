import { useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { useToasts } from '@/components/toaster/toast-context';
import type { ToastTone } from '@/components/toaster/toast-store';
import { paths } from '@/lib/paths';
import { useSignalREvent } from '@/lib/signalr/use-signalr';
import type { NotificationDetails, NotificationType } from './api';
import { type Inbox, withNotification } from './inbox';
import { inboxKey } from './use-inbox';

const TONES: Record<NotificationType, ToastTone> = {
  Success: 'success',
  Info: 'info',
  Error: 'error',
};

/** A hub may tell the same thing twice around a reconnect; so many are remembered. */
const REMEMBERED = 200;

/** Shows each notification that the hub tells as a toast, and puts it into the bell. */
export function NotificationToasts() {
  const cache = useQueryClient();
  const toasts = useToasts();
  const seen = useRef<string[]>([]);

  useSignalREvent(
    'ReceiveNotification',
    (type: NotificationType, message: string, details: NotificationDetails) => {
      if (seen.current.includes(details.id)) return;
      seen.current = [...seen.current, details.id].slice(-REMEMBERED);

      toasts.show({
        tone: TONES[type],
        message,
        link:
          details.kind === 'TenantFailed'
            ? { to: paths.tenant(details.tenantId), text: 'View details' }
            : undefined,
      });

      const notification = {
        id: details.id,
        type,
        message,
        details,
        createdAt: details.createdAt,
        readAt: null,
      };
      cache.setQueryData<Inbox>(
        inboxKey,
        (inbox) => inbox && withNotification(inbox, notification),
      );
    },
  );

  return null;
}
