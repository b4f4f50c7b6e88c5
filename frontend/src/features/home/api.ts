import { request } from '@/lib/api-client';
import type { components } from '@/lib/schema';

export type TenantHome = components['schemas']['TenantHome'];

export function fetchHome(signal: AbortSignal): Promise<TenantHome> {
  return request('/api/tenant', { signal });
}
