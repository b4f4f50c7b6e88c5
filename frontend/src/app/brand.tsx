import { Link } from 'react-router';
import { StoneMark } from '@/components/stone-mark';
import styles from './brand.module.css';

/** Mark and name, leading to the start. */
export function Brand({ to }: { to: string }) {
  return (
    <Link to={to} className={styles.brand}>
      <StoneMark size={22} />
      Diquis
    </Link>
  );
}
