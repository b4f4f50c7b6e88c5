import { useQuery } from '@tanstack/react-query';
import { fetchMail, fetchMails } from './api';

/** The mails the server keeps instead of sending them; an error 404 when it really sends them. */
export function useMails(options: { isEnabled?: boolean; refetchEveryMs?: number } = {}) {
  return useQuery({
    queryKey: ['mails'],
    queryFn: ({ signal }) => fetchMails(signal),
    enabled: options.isEnabled ?? true,
    refetchInterval: (query) => (query.state.error ? false : (options.refetchEveryMs ?? false)),
  });
}

export function useMail(id: string) {
  return useQuery({
    queryKey: ['mail', id],
    queryFn: ({ signal }) => fetchMail(id, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
