import type { Step, Tenant } from './api';

/** Whether something will still happen to a tenant by itself. */
export function isUnfinished(tenant: Tenant): boolean {
  if (tenant.status === 'Failed') return tenant.nextAttemptAt !== null;
  return tenant.status !== 'Active';
}

/** What a tenant is doing or waiting for, in words; null when the status says it all. */
export function progressInWords(tenant: Tenant): string | null {
  switch (tenant.status) {
    case 'Pending':
      return 'Waiting to start';
    case 'Provisioning':
      return runningStep(tenant);
    case 'Failed':
      return failedStep(tenant);
    case 'Active':
      return null;
  }
}

function runningStep({ steps }: Tenant): string {
  const place = steps.findIndex((step) => step.state === 'Running');
  const step = steps[place];
  return step ? `Step ${place + 1} of ${steps.length}: ${step.title}` : 'Starting';
}

function failedStep({ steps }: Tenant): string | null {
  const step = steps.find((candidate) => candidate.state === 'Failed');
  return step ? `at: ${step.title}` : null;
}

/** How long a step took, or has been running until `now`; null before it started. */
export function durationOf(step: Step, now: number): string | null {
  if (step.startedAt === null) return null;
  const end = step.finishedAt === null ? now : Date.parse(step.finishedAt);
  return inWords(Math.max(0, end - Date.parse(step.startedAt)));
}

/** How long until `moment`, or null when it has passed. */
export function waitUntil(moment: string | null, now: number): string | null {
  if (moment === null) return null;
  const left = Date.parse(moment) - now;
  return left > 0 ? inWords(Math.ceil(left / 1000) * 1000) : null;
}

function inWords(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000 && ms % 1_000 !== 0) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
