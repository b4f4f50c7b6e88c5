import { request } from '@/lib/api-client';
import type { components } from '@/lib/schema';

export type Tenant = components['schemas']['Tenant'];
export type TenantStatus = components['schemas']['TenantStatus'];
export type TenantPage = components['schemas']['TenantPage'];
export type AcceptedTenant = components['schemas']['AcceptedTenant'];
export type Step = components['schemas']['TenantStep'];
type RegisterTenantRequest = components['schemas']['RegisterTenantRequest'];

export const PAGE_SIZE = 20;

/** Which tenants are asked for; empty: all of them. */
export interface TenantFilter {
  status: TenantStatus | '';
  text: string;
  page: number;
}

export function fetchTenants(filter: TenantFilter, signal: AbortSignal): Promise<TenantPage> {
  const query = new URLSearchParams({ page: `${filter.page}`, pageSize: `${PAGE_SIZE}` });
  if (filter.status) query.set('status', filter.status);
  if (filter.text) query.set('q', filter.text);
  return request(`/api/tenants?${query}`, { signal });
}

export function fetchTenant(id: string, signal?: AbortSignal): Promise<Tenant> {
  return request(`/api/tenants/${encodeURIComponent(id)}`, { signal });
}

/** The same `key` with the same body makes one tenant, however often it is sent. */
export function createTenant(body: RegisterTenantRequest, key: string): Promise<AcceptedTenant> {
  return request('/api/tenants', {
    method: 'POST',
    body,
    headers: { 'Idempotency-Key': key },
  });
}

export function retryTenant(id: string): Promise<AcceptedTenant> {
  return request(`/api/tenants/${encodeURIComponent(id)}/retry`, { method: 'POST' });
}
