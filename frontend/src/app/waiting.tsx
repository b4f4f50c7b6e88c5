import { StoneMark } from '@/components/stone-mark';
import styles from './waiting.module.css';

/** A page is on its way; quick ones never show it. */
export function Waiting() {
  return (
    <div className={styles.waiting} role="status">
      <StoneMark size={32} />
      <span className="visually-hidden">Loading</span>
    </div>
  );
}
