import type { InfiniteData } from '@tanstack/react-query';
import type { Notification, NotificationPage } from './api';

export type Inbox = InfiniteData<NotificationPage, string | null>;

/** The inbox with one more notification on top, unless it is in there already. */
export function withNotification(inbox: Inbox, notification: Notification): Inbox {
  const [first, ...rest] = inbox.pages;
  const isKnown = inbox.pages.some((page) => page.items.some(({ id }) => id === notification.id));
  if (!first || isKnown) return inbox;
  const grown = {
    ...first,
    items: [notification, ...first.items],
    unreadCount: first.unreadCount + 1,
  };
  return { ...inbox, pages: [grown, ...rest] };
}

/** The inbox after one notification, or all of them, was read at `readAt`. */
export function withRead(inbox: Inbox, which: string | 'all', readAt: string): Inbox {
  const isMeant = (item: Notification) =>
    item.readAt === null && (which === 'all' || item.id === which);
  const isNews = which === 'all' || inbox.pages.some((page) => page.items.some(isMeant));
  return {
    ...inbox,
    pages: inbox.pages.map((page) => ({
      ...page,
      items: page.items.map((item) => (isMeant(item) ? { ...item, readAt } : item)),
      unreadCount: which === 'all' ? 0 : Math.max(0, page.unreadCount - (isNews ? 1 : 0)),
    })),
  };
}
