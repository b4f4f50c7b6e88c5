import { ThemeSwitch } from '@/components/theme-switch';
import styles from './footer.module.css';

export function Footer() {
  return (
    <footer className={styles.footer}>
      <p>Named after the stone spheres of the Diquís delta.</p>
      <ThemeSwitch />
    </footer>
  );
}
