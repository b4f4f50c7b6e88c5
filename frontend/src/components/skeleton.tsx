import styles from './skeleton.module.css';

/** Stands for text that is on its way. Decoration: the list around it says that it is loading. */
export function Skeleton({ width }: { width: 'short' | 'medium' | 'long' }) {
  return <span className={styles.skeleton} data-width={width} aria-hidden="true" />;
}
