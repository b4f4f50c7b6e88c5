import { useState } from 'react';
import { Button } from '@/components/button';
import { EmptyState } from '@/components/empty-state';
import { PlusIcon } from '@/components/icons';
import { LoadingFailure } from '@/components/loading-failure';
import { PageHeading } from '@/components/page-heading';
import { Pager } from '@/components/pager';
import { PAGE_SIZE } from './api';
import { CreateTenantDialog } from './create-tenant-dialog';
import { TenantFilters } from './tenant-filters';
import { TenantPanel } from './tenant-panel';
import { TenantTable } from './tenant-table';
import { useTenantChanges } from './use-tenant-changes';
import { useTenantFilter } from './use-tenant-filter';
import { useTenants } from './use-tenants';

/** Every tenant with its live status; where a Super Admin creates one. */
export function TenantsPage() {
  const [isCreating, setIsCreating] = useState(false);
  const { filter, openTenant, turnTo, closeTenant, clear } = useTenantFilter();
  const tenants = useTenants(filter);
  useTenantChanges();

  const isFiltered = filter.status !== '' || filter.text !== '';
  const isEmpty = tenants.data?.items.length === 0;

  return (
    <>
      <PageHeading
        title="Tenants"
        lead="Each has a database of its own, set up in the background."
        action={
          <Button look="primary" onClick={() => setIsCreating(true)}>
            <PlusIcon /> Create tenant
          </Button>
        }
      />
      <TenantFilters total={tenants.data?.total} />
      {tenants.isError && (
        <LoadingFailure error={tenants.error} retry={() => void tenants.refetch()} />
      )}
      {!isEmpty && !(tenants.isError && !tenants.data) && (
        <TenantTable tenants={tenants.data?.items} isStale={tenants.isPlaceholderData} />
      )}
      {isEmpty && isFiltered && (
        <EmptyState title="No tenant matches">
          <p>Try another word or status.</p>
          <Button onClick={clear}>Clear filters</Button>
        </EmptyState>
      )}
      {isEmpty && !isFiltered && (
        <EmptyState title="No tenants yet">
          <p>A tenant gets its own database, seeded and ready, within seconds.</p>
          <Button onClick={() => setIsCreating(true)}>Create the first tenant</Button>
        </EmptyState>
      )}
      <Pager
        page={filter.page}
        pageSize={PAGE_SIZE}
        total={tenants.data?.total ?? 0}
        what="tenants"
        turnTo={turnTo}
      />
      <CreateTenantDialog isOpen={isCreating} close={() => setIsCreating(false)} />
      <TenantPanel id={openTenant} close={closeTenant} />
    </>
  );
}
