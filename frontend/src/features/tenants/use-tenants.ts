import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useFallbackInterval } from '@/lib/signalr/use-fallback-interval';
import { fetchTenant, fetchTenants, type TenantFilter } from './api';
import { isUnfinished } from './progress';

export const tenantsKey = ['tenants'];
export const tenantsKeyOf = (filter: TenantFilter) => [...tenantsKey, filter];
export const tenantKey = (id: string) => ['tenant', id];

/** A page of tenants; asked for again and again only while the hub is away and work goes on. */
export function useTenants(filter: TenantFilter) {
  const interval = useFallbackInterval();
  return useQuery({
    queryKey: tenantsKeyOf(filter),
    queryFn: ({ signal }) => fetchTenants(filter, signal),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data?.items.some(isUnfinished) ? interval() : false),
  });
}

export function useTenant(id: string) {
  const interval = useFallbackInterval();
  return useQuery({
    queryKey: tenantKey(id),
    queryFn: ({ signal }) => fetchTenant(id, signal),
    refetchInterval: (query) =>
      query.state.data && isUnfinished(query.state.data) ? interval() : false,
  });
}
