import { Copyable } from '@/components/copyable';
import { Dialog } from '@/components/dialog/dialog';
import { ExternalIcon } from '@/components/icons';
import { LoadingFailure } from '@/components/loading-failure';
import { Notice } from '@/components/notice';
import { RelativeTime } from '@/components/relative-time';
import { Skeleton } from '@/components/skeleton';
import { paths } from '@/lib/paths';
import type { Tenant } from './api';
import { NextAttempt } from './next-attempt';
import { isUnfinished } from './progress';
import { ProvisioningSteps } from './provisioning-steps';
import { RetryButton } from './retry-button';
import styles from './tenant-panel.module.css';
import { TenantStatus } from './tenant-status';
import { useTenant } from './use-tenants';

/** One tenant at the side of the list: its steps, what went wrong, its facts. */
export function TenantPanel({ id, close }: { id: string | null; close: () => void }) {
  return id === null ? null : <OpenPanel id={id} close={close} />;
}

function OpenPanel({ id, close }: { id: string; close: () => void }) {
  const { data: tenant, error, refetch } = useTenant(id);
  return (
    <Dialog
      isOpen
      close={close}
      place="side"
      title={tenant?.name ?? 'Tenant'}
      lead={tenant && <Lead tenant={tenant} />}
    >
      {error && !tenant && <LoadingFailure error={error} retry={() => void refetch()} />}
      {!tenant && !error && <Skeleton width="long" />}
      {tenant && <Content tenant={tenant} />}
    </Dialog>
  );
}

function Lead({ tenant }: { tenant: Tenant }) {
  return (
    <span className={styles.lead}>
      <TenantStatus status={tenant.status} />
      <code>{tenant.slug}</code>
    </span>
  );
}

function Content({ tenant }: { tenant: Tenant }) {
  return (
    <div className={styles.content}>
      {tenant.status === 'Failed' && <Failure tenant={tenant} />}
      <section aria-labelledby="steps">
        <h3 id="steps" className={styles.heading}>
          Set-up
        </h3>
        <ProvisioningSteps steps={tenant.steps} />
        {isUnfinished(tenant) && (
          <p className={styles.note}>You can leave this page, the work goes on without it.</p>
        )}
      </section>
      <section aria-labelledby="facts">
        <h3 id="facts" className={styles.heading}>
          Facts
        </h3>
        <Facts tenant={tenant} />
      </section>
    </div>
  );
}

function Failure({ tenant }: { tenant: Tenant }) {
  return (
    <Notice tone="danger">
      <p className={styles.error}>{tenant.error ?? 'The set-up failed.'}</p>
      <p className={styles.note}>Nothing is lost: a retry goes on at the step that failed.</p>
      <div className={styles.retry}>
        <RetryButton tenant={tenant} />
        <NextAttempt tenant={tenant} />
      </div>
    </Notice>
  );
}

function Facts({ tenant }: { tenant: Tenant }) {
  return (
    <dl className={styles.facts}>
      <dt>Administrator</dt>
      <dd>{tenant.adminEmail}</dd>
      <dt>Asked for by</dt>
      <dd>{tenant.origin === 'SignUp' ? 'A visitor who signed up' : 'A Super Admin'}</dd>
      <dt>Created</dt>
      <dd>
        <RelativeTime at={tenant.createdAt} />
      </dd>
      {tenant.activatedAt && (
        <>
          <dt>Active since</dt>
          <dd>
            <RelativeTime at={tenant.activatedAt} />
          </dd>
        </>
      )}
      {tenant.attempt > 0 && (
        <>
          <dt>Attempt</dt>
          <dd className="tabular">
            {tenant.attempt} of {tenant.maxAttempts}
          </dd>
        </>
      )}
      <dt>Tenant id</dt>
      <dd>
        <Copyable value={tenant.id} what="tenant id" shorten />
      </dd>
      <dt>Job</dt>
      <dd className={styles.job}>
        <Copyable value={tenant.jobId} what="job id" shorten />
        <a href={paths.job(tenant.jobId)}>
          Open job <ExternalIcon />
        </a>
      </dd>
    </dl>
  );
}
