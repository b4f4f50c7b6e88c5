import { request } from '@/lib/api-client';
import type { components } from '@/lib/schema';

export type Mail = components['schemas']['Mail'];
export type MailSummary = components['schemas']['MailSummary'];

export function fetchMails(signal: AbortSignal): Promise<components['schemas']['MailList']> {
  return request('/api/mails', { signal });
}

export function fetchMail(id: string, signal: AbortSignal): Promise<Mail> {
  return request(`/api/mails/${encodeURIComponent(id)}`, { signal });
}
