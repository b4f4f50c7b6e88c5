import { useSearchParams } from 'react-router';
import type { TenantFilter, TenantStatus } from './api';

export const STATUSES: TenantStatus[] = ['Pending', 'Provisioning', 'Active', 'Failed'];

/** The filter of the list and the tenant that is open, kept in the address. */
export function useTenantFilter() {
  const [parameters, setParameters] = useSearchParams();
  const status = STATUSES.find((known) => known === parameters.get('status')) ?? '';
  const filter: TenantFilter = {
    status,
    text: parameters.get('q') ?? '',
    page: Math.max(1, Number.parseInt(parameters.get('page') ?? '', 10) || 1),
  };

  function addressOf(changes: Record<string, string | null>): URLSearchParams {
    const next = new URLSearchParams(parameters);
    for (const [key, value] of Object.entries(changes)) {
      if (value) next.set(key, value);
      else next.delete(key);
    }
    return next;
  }

  return {
    filter,
    openTenant: parameters.get('tenant'),
    /** The query of an address that differs from the present one by `changes`. */
    linkTo: (changes: Record<string, string | null>) => `?${addressOf(changes)}`,
    search: (text: string) =>
      setParameters(addressOf({ q: text.trim(), page: null }), { replace: true }),
    turnTo: (page: number) => setParameters(addressOf({ page: page > 1 ? `${page}` : null })),
    closeTenant: () => setParameters(addressOf({ tenant: null }), { preventScrollReset: true }),
    clear: () => setParameters({}),
  };
}
