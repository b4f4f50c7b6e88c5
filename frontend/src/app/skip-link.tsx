import styles from './skip-link.module.css';

/** The first thing the Tab key reaches: past the header, to the page. */
export function SkipLink() {
  return (
    <a href="#main" className={styles.skip}>
      Skip to content
    </a>
  );
}
