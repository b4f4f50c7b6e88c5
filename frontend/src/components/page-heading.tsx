import type { ReactNode } from 'react';
import styles from './page-heading.module.css';
import { useArrival } from './use-arrival';

interface Props {
  title: string;
  lead?: ReactNode;
  action?: ReactNode;
}

/** Title of a page, one line of what it is, and its main action. */
export function PageHeading({ title, lead, action }: Props) {
  const heading = useArrival(title);
  return (
    <header className={styles.heading}>
      <div>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {lead && <p className={styles.lead}>{lead}</p>}
      </div>
      {action}
    </header>
  );
}
