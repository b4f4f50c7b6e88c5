import { CheckCircleIcon, CircleIcon, CrossCircleIcon, RingIcon } from '@/components/icons';
import type { TenantStatus as Status } from './api';
import styles from './tenant-status.module.css';

const ICONS: Record<Status, typeof CircleIcon> = {
  Pending: CircleIcon,
  Provisioning: RingIcon,
  Active: CheckCircleIcon,
  Failed: CrossCircleIcon,
};

/** A status as icon, word and colour together. */
export function TenantStatus({ status }: { status: Status }) {
  const Icon = ICONS[status];
  return (
    <span className={styles.status} data-status={status}>
      <Icon />
      {status}
    </span>
  );
}
