import { useEffect, useEffectEvent, useState } from 'react';
import { Link } from 'react-router';
import { SearchIcon } from '@/components/icons';
import styles from './tenant-filters.module.css';
import { STATUSES, useTenantFilter } from './use-tenant-filter';

const TYPING_PAUSE_MS = 200;

/** Which tenants are listed: by text and by status, both kept in the address. */
export function TenantFilters({ total }: { total: number | undefined }) {
  const { filter, linkTo } = useTenantFilter();
  return (
    <div className={styles.filters}>
      <SearchBox key={filter.text === '' ? 'empty' : 'used'} />
      <nav className={styles.statuses} aria-label="Status">
        {(['', ...STATUSES] as const).map((status) => (
          <Link
            key={status}
            to={linkTo({ status, page: null })}
            className={styles.choice}
            aria-current={status === filter.status ? 'true' : undefined}
          >
            {status || 'All'}
          </Link>
        ))}
      </nav>
      <p className={`${styles.count} tabular`}>{total !== undefined && counted(total)}</p>
    </div>
  );
}

function SearchBox() {
  const { filter, search } = useTenantFilter();
  const [typed, setTyped] = useState(filter.text);
  const searchNow = useEffectEvent(() => {
    if (typed.trim() !== filter.text) search(typed);
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the text starts the pause again
  useEffect(() => {
    const timer = setTimeout(searchNow, TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <label className={styles.search}>
      <SearchIcon />
      <span className="visually-hidden">Search tenants</span>
      <input
        type="search"
        placeholder="Search"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </label>
  );
}

function counted(total: number): string {
  return total === 1 ? '1 tenant' : `${total.toLocaleString('en')} tenants`;
}
