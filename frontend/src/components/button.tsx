import type { ButtonHTMLAttributes } from 'react';
import { Link, type LinkProps } from 'react-router';
import styles from './button.module.css';
import { classNames } from './class-names';
import { RingIcon } from './icons';

type Look = 'primary' | 'secondary' | 'quiet' | 'danger';

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  /** Only an icon to see; the name comes from `aria-label`. */
  isIcon?: boolean;
  isBusy?: boolean;
}

/** Stays enabled while busy, so that it keeps its focus; whoever handles the click ignores repeats. */
export function Button({
  look = 'secondary',
  isIcon,
  isBusy,
  className,
  children,
  ...props
}: Props) {
  return (
    <button
      type="button"
      aria-busy={isBusy || undefined}
      className={classNames(styles.button, styles[look], isIcon && styles.icon, className)}
      {...props}
    >
      {isBusy && <RingIcon className={styles.spinner} />}
      {children}
    </button>
  );
}

export function ButtonLink({
  look = 'secondary',
  className,
  ...props
}: LinkProps & { look?: Look }) {
  return <Link className={classNames(styles.button, styles[look], className)} {...props} />;
}
