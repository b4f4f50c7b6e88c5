import { useNow } from '@/lib/use-now';
import type { Tenant } from './api';
import styles from './next-attempt.module.css';
import { waitUntil } from './progress';

/** When a failed tenant is tried again by itself; nothing when it is not. */
export function NextAttempt({ tenant }: { tenant: Tenant }) {
  if (tenant.status !== 'Failed' || tenant.nextAttemptAt === null) return null;
  return <Countdown tenant={tenant} />;
}

function Countdown({ tenant }: { tenant: Tenant }) {
  const wait = waitUntil(tenant.nextAttemptAt, useNow(1_000));
  return (
    <span
      className={styles.next}
      title={`Attempt ${tenant.attempt} of ${tenant.maxAttempts} failed`}
    >
      {wait ? `next try in ${wait}` : 'next try now'}
    </span>
  );
}
