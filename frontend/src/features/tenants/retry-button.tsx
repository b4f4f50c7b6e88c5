import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from '@/components/button';
import { RetryIcon } from '@/components/icons';
import { useToasts } from '@/components/toaster/toast-context';
import { explain } from '@/lib/problem';
import { retryTenant, type Tenant } from './api';
import { tenantKey, tenantsKey } from './use-tenants';

/** Lets a failed tenant go on at the step that failed. */
export function RetryButton({ tenant }: { tenant: Tenant }) {
  const cache = useQueryClient();
  const toasts = useToasts();
  const retry = useMutation({
    mutationFn: () => retryTenant(tenant.id),
    onSuccess: () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: tenantKey(tenant.id) }),
        cache.invalidateQueries({ queryKey: tenantsKey }),
      ]),
    onError: (error) =>
      toasts.show({ tone: 'error', message: `${tenant.name} was not retried. ${explain(error)}` }),
  });

  return (
    <Button
      isBusy={retry.isPending}
      aria-label={`Retry ${tenant.name}`}
      onClick={() => !retry.isPending && retry.mutate()}
    >
      {!retry.isPending && <RetryIcon />} Retry
    </Button>
  );
}
