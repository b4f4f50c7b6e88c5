import type { QueryClient } from '@tanstack/react-query';
import type { AcceptedTenant, Tenant, TenantFilter, TenantPage } from './api';
import { tenantKey, tenantsKey } from './use-tenants';

const STEPS = [
  ['create_database', 'Create database'],
  ['migrate', 'Run migrations'],
  ['seed', 'Seed data'],
  ['create_owner', 'Create owner'],
  ['activate', 'Activate'],
] as const;

/** The newest version of a tenant that is on any page; null when it is on none. */
export function knownVersion(cache: QueryClient, id: string): number | null {
  const versions = [
    cache.getQueryData<Tenant>(tenantKey(id)),
    ...pages(cache).flatMap(([, page]) => page.items.filter((tenant) => tenant.id === id)),
  ].flatMap((tenant) => (tenant ? [tenant.version] : []));
  return versions.length > 0 ? Math.max(...versions) : null;
}

/** Puts a tenant in the place of its older versions, wherever they are shown. */
export function putTenant(cache: QueryClient, tenant: Tenant): void {
  cache.setQueryData<Tenant>(tenantKey(tenant.id), (known) => newer(known, tenant));
  for (const [key, page] of pages(cache)) {
    if (!page.items.some((known) => known.id === tenant.id)) continue;
    cache.setQueryData<TenantPage>(key, {
      ...page,
      items: page.items.map((known) => (known.id === tenant.id ? newer(known, tenant) : known)),
    });
  }
}

/** Shows a tenant that was just accepted at the top of each first page where it belongs. */
export function addAccepted(
  cache: QueryClient,
  accepted: AcceptedTenant,
  adminEmail: string,
): void {
  const tenant = asTenant(accepted, adminEmail);
  for (const [key, page] of pages(cache)) {
    const filter = key[1] as TenantFilter;
    const isKnown = page.items.some((known) => known.id === tenant.id);
    if (isKnown || filter.page !== 1 || !matches(tenant, filter)) continue;
    cache.setQueryData<TenantPage>(key, {
      ...page,
      items: [tenant, ...page.items].slice(0, page.pageSize),
      total: page.total + 1,
    });
  }
}

function pages(cache: QueryClient) {
  return cache
    .getQueriesData<TenantPage>({ queryKey: tenantsKey })
    .flatMap(([key, page]) => (page ? [[key, page] as const] : []));
}

function newer(known: Tenant | undefined, tenant: Tenant): Tenant {
  return known && known.version > tenant.version ? known : tenant;
}

function matches(tenant: Tenant, { status, text }: TenantFilter): boolean {
  if (status && status !== tenant.status) return false;
  const searched = `${tenant.name} ${tenant.slug} ${tenant.adminEmail}`.toLowerCase();
  return searched.includes(text.trim().toLowerCase());
}

/** Version 0: whatever the server says next is newer. */
function asTenant(accepted: AcceptedTenant, adminEmail: string): Tenant {
  const now = new Date().toISOString();
  return {
    ...accepted,
    adminEmail,
    error: null,
    steps: STEPS.map(([key, title]) => ({
      key,
      title,
      state: 'Waiting',
      startedAt: null,
      finishedAt: null,
    })),
    attempt: 0,
    maxAttempts: 0,
    nextAttemptAt: null,
    origin: 'Admin',
    version: 0,
    createdAt: now,
    updatedAt: now,
    activatedAt: null,
  };
}
