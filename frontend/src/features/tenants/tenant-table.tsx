import { Link } from 'react-router';
import { RelativeTime } from '@/components/relative-time';
import { Skeleton } from '@/components/skeleton';
import type { Tenant } from './api';
import { NextAttempt } from './next-attempt';
import { progressInWords } from './progress';
import { RetryButton } from './retry-button';
import { StepSpheres } from './step-spheres';
import { TenantStatus } from './tenant-status';
import styles from './tenant-table.module.css';
import { useTenantFilter } from './use-tenant-filter';

const SKELETONS = [1, 2, 3, 4, 5, 6];

interface Props {
  /** Absent while they are on their way. */
  tenants: Tenant[] | undefined;
  /** They answer an earlier filter. */
  isStale: boolean;
}

export function TenantTable({ tenants, isStale }: Props) {
  return (
    <table className={styles.table} aria-busy={!tenants || isStale} data-stale={isStale}>
      <caption className="visually-hidden">Tenants, newest first</caption>
      <colgroup>
        <col className={styles.tenantColumn} />
        <col className={styles.statusColumn} />
        <col className={styles.stepsColumn} />
        <col className={styles.administratorColumn} />
        <col className={styles.createdColumn} />
        <col className={styles.actionsColumn} />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">Tenant</th>
          <th scope="col">Status</th>
          <th scope="col">Steps</th>
          <th scope="col">Administrator</th>
          <th scope="col">Created</th>
          <th scope="col">
            <span className="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tenants
          ? tenants.map((tenant) => <Row key={tenant.id} tenant={tenant} />)
          : SKELETONS.map((place) => <SkeletonRow key={place} />)}
      </tbody>
    </table>
  );
}

function Row({ tenant }: { tenant: Tenant }) {
  const { linkTo } = useTenantFilter();
  const words = progressInWords(tenant);
  return (
    <tr className={styles.row}>
      <th scope="row" className={styles.tenant}>
        <Link to={linkTo({ tenant: tenant.id })} preventScrollReset className={styles.name}>
          {tenant.name}
        </Link>
        <code className={styles.slug} title={tenant.slug}>
          {tenant.slug}
        </code>
      </th>
      <td className={styles.status}>
        <div className={styles.progress}>
          <TenantStatus status={tenant.status} />
          {words && <span className={styles.words}>{words}</span>}
          <NextAttempt tenant={tenant} />
        </div>
      </td>
      <td className={styles.steps}>
        <StepSpheres steps={tenant.steps} />
      </td>
      <td className={styles.administrator} title={tenant.adminEmail}>
        {tenant.adminEmail}
      </td>
      <td className={styles.created}>
        <RelativeTime at={tenant.createdAt} />
      </td>
      <td className={styles.actions}>
        {tenant.status === 'Failed' && <RetryButton tenant={tenant} />}
      </td>
    </tr>
  );
}

function SkeletonRow() {
  return (
    <tr className={styles.row}>
      <td className={styles.tenant}>
        <Skeleton width="medium" />
      </td>
      <td className={styles.status}>
        <Skeleton width="short" />
      </td>
      <td className={styles.steps}>
        <Skeleton width="short" />
      </td>
      <td className={styles.administrator}>
        <Skeleton width="medium" />
      </td>
      <td className={styles.created}>
        <Skeleton width="short" />
      </td>
      <td className={styles.actions} />
    </tr>
  );
}
