import type { components } from '@/lib/schema';

export type Tenant = components['schemas']['Tenant'];

const STEPS = [
  ['create_database', 'Create database'],
  ['migrate', 'Run migrations'],
  ['seed', 'Seed data'],
  ['create_owner', 'Create owner'],
  ['activate', 'Activate'],
] as const;

/** A tenant as it is right after it was asked for. */
export function pendingTenant(
  facts: Partial<Tenant> & { id: string; name: string; slug: string },
): Tenant {
  const now = new Date().toISOString();
  return {
    adminEmail: `owner@${facts.slug}.example`,
    status: 'Pending',
    error: null,
    steps: STEPS.map(([key, title]) => ({
      key,
      title,
      state: 'Waiting',
      startedAt: null,
      finishedAt: null,
    })),
    jobId: crypto.randomUUID(),
    attempt: 0,
    maxAttempts: 10,
    nextAttemptAt: null,
    origin: 'Admin',
    version: 1,
    createdAt: now,
    updatedAt: now,
    activatedAt: null,
    ...facts,
  };
}

/** The tenant after the worker has finished what it was doing and begun what comes next. */
export function advanced(tenant: Tenant): Tenant {
  const now = new Date().toISOString();
  const running = tenant.steps.findIndex((step) => step.state !== 'Done');
  const isStarting = tenant.status !== 'Provisioning';
  const doneUpTo = isStarting ? running : running + 1;
  const isReady = doneUpTo >= tenant.steps.length;
  return {
    ...tenant,
    version: tenant.version + 1,
    updatedAt: now,
    status: isReady ? 'Active' : 'Provisioning',
    activatedAt: isReady ? now : null,
    error: null,
    nextAttemptAt: null,
    attempt: isStarting ? tenant.attempt + 1 : tenant.attempt,
    steps: tenant.steps.map((step, place) => {
      if (place < doneUpTo) {
        return {
          ...step,
          state: 'Done',
          startedAt: step.startedAt ?? now,
          finishedAt: step.finishedAt ?? now,
        };
      }
      if (place === doneUpTo)
        return { ...step, state: 'Running', startedAt: now, finishedAt: null };
      return step;
    }),
  };
}

/** The tenant after the step it was at has failed. */
export function failed(tenant: Tenant, error: string, nextAttemptAt: string | null): Tenant {
  const now = new Date().toISOString();
  return {
    ...tenant,
    version: tenant.version + 1,
    updatedAt: now,
    status: 'Failed',
    error,
    nextAttemptAt,
    steps: tenant.steps.map((step) =>
      step.state === 'Running' ? { ...step, state: 'Failed', finishedAt: now } : step,
    ),
  };
}
