import type { ReactNode } from 'react';
import { CheckCircleIcon, InfoIcon, WarningIcon } from './icons';
import styles from './notice.module.css';

const ICONS = { info: InfoIcon, success: CheckCircleIcon, danger: WarningIcon };

interface Props {
  tone: keyof typeof ICONS;
  children: ReactNode;
  action?: ReactNode;
}

/** A message that stands in the page. Wrap it in a live region when it appears by itself. */
export function Notice({ tone, children, action }: Props) {
  const Icon = ICONS[tone];
  return (
    <div className={styles.notice} data-tone={tone}>
      <Icon className={styles.icon} />
      <div className={styles.text}>{children}</div>
      {action}
    </div>
  );
}
