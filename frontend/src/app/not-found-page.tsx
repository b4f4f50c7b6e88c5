import { ButtonLink } from '@/components/button';
import { useArrival } from '@/components/use-arrival';
import { paths } from '@/lib/paths';
import styles from './not-found-page.module.css';

export function NotFoundPage() {
  const heading = useArrival('Page not found');
  return (
    <div className={styles.page}>
      <h1 ref={heading} tabIndex={-1}>
        Page not found
      </h1>
      <p className={styles.lead}>There is nothing at this address. It may have been mistyped.</p>
      <ButtonLink to={paths.landing}>Go to the first page</ButtonLink>
    </div>
  );
}
