import { useState } from 'react';
import styles from './copyable.module.css';
import { CheckIcon, CopyIcon } from './icons';

/** A value in mono, shortened when asked to, with a button that copies the whole of it. */
export function Copyable({
  value,
  what,
  shorten,
}: {
  value: string;
  what: string;
  shorten?: boolean;
}) {
  const [isCopied, setIsCopied] = useState(false);

  async function copy() {
    await navigator.clipboard.writeText(value);
    setIsCopied(true);
  }

  return (
    <span className={styles.copyable}>
      <code title={value}>{shorten ? `${value.slice(0, 8)}…` : value}</code>
      {navigator.clipboard && (
        <button
          type="button"
          className={styles.button}
          aria-label={isCopied ? `Copied ${what}` : `Copy ${what}`}
          onClick={() => void copy()}
          onBlur={() => setIsCopied(false)}
        >
          {isCopied ? <CheckIcon /> : <CopyIcon />}
        </button>
      )}
    </span>
  );
}
