import type { ReactNode } from 'react';
import styles from './empty-state.module.css';
import { StoneMark } from './stone-mark';

/** What stands where a list would be: why it is empty, and what to do next. */
export function EmptyState({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={styles.empty}>
      <StoneMark size={40} className={styles.mark} />
      <h2>{title}</h2>
      <div className={styles.text}>{children}</div>
    </div>
  );
}
