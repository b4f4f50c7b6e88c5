import { Button } from './button';
import { ChevronLeftIcon, ChevronRightIcon } from './icons';
import styles from './pager.module.css';

interface Props {
  page: number;
  pageSize: number;
  total: number;
  what: string;
  turnTo: (page: number) => void;
}

/** Which part of a list is on the page, and the way to the others. */
export function Pager({ page, pageSize, total, what, turnTo }: Props) {
  const last = Math.max(1, Math.ceil(total / pageSize));
  if (last === 1) return null;
  const from = (page - 1) * pageSize + 1;
  return (
    <nav className={styles.pager} aria-label={`Pages of ${what}`}>
      <span className={`${styles.range} tabular`}>
        {from}–{Math.min(total, page * pageSize)} of {total}
      </span>
      <Button
        isIcon
        aria-label="Previous page"
        disabled={page <= 1}
        onClick={() => turnTo(page - 1)}
      >
        <ChevronLeftIcon />
      </Button>
      <Button
        isIcon
        aria-label="Next page"
        disabled={page >= last}
        onClick={() => turnTo(page + 1)}
      >
        <ChevronRightIcon />
      </Button>
    </nav>
  );
}
