import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useFallbackInterval } from '@/lib/signalr/use-fallback-interval';
import { useOnConnected } from '@/lib/signalr/use-signalr';
import { fetchNotifications, markAllRead, markRead } from './api';
import { type Inbox, withRead } from './inbox';

export const inboxKey = ['notifications'];

/** The notifications of the signed-in user, newest first, also those that came while they were away. */
export function useInbox() {
  const cache = useQueryClient();
  const interval = useFallbackInterval();
  const inbox = useInfiniteQuery({
    queryKey: inboxKey,
    queryFn: ({ pageParam, signal }) => fetchNotifications(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: () => interval() && 10_000,
  });
  useOnConnected(() => void cache.invalidateQueries({ queryKey: inboxKey }));

  const read = useMutation({
    mutationFn: (which: string) => (which === 'all' ? markAllRead() : markRead(which)),
    onSuccess: (_, which) =>
      cache.setQueryData<Inbox>(
        inboxKey,
        (known) => known && withRead(known, which, new Date().toISOString()),
      ),
    onError: () => cache.invalidateQueries({ queryKey: inboxKey }),
  });

  return {
    ...inbox,
    items: inbox.data?.pages.flatMap((page) => page.items),
    unreadCount: inbox.data?.pages[0]?.unreadCount ?? 0,
    read: (id: string) => read.mutate(id),
    readAll: () => read.mutate('all'),
  };
}
