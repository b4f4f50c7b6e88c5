import { request } from '@/lib/api-client';
import type { components } from '@/lib/schema';

export type Notification = components['schemas']['Notification'];
export type NotificationPage = components['schemas']['NotificationPage'];
export type NotificationType = components['schemas']['NotificationType'];
export type NotificationDetails = components['schemas']['NotificationDetails'];

export function fetchNotifications(
  cursor: string | null,
  signal: AbortSignal,
): Promise<NotificationPage> {
  const query = new URLSearchParams({ limit: '20' });
  if (cursor) query.set('cursor', cursor);
  return request(`/api/notifications?${query}`, { signal });
}

export function markRead(id: string): Promise<void> {
  return request(`/api/notifications/${encodeURIComponent(id)}/read`, { method: 'POST' });
}

export function markAllRead(): Promise<void> {
  return request('/api/notifications/read-all', { method: 'POST' });
}
