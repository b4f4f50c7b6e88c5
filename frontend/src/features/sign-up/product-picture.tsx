import { useTheme } from '@/lib/use-theme';
import light from './product.png';
import dark from './product-dark.png';
import styles from './product-picture.module.css';

const DARK_WHEN = {
  system: '(prefers-color-scheme: dark)',
  dark: 'all',
  light: 'not all',
};

/** A real screenshot of the tenants page, in the theme of the visitor. */
export function ProductPicture() {
  const [theme] = useTheme();
  return (
    <figure className={styles.figure}>
      <picture>
        <source srcSet={dark} media={DARK_WHEN[theme]} />
        <img
          src={light}
          width={2400}
          height={1240}
          alt="The list of tenants in Diquis: each with its status, the steps of its set-up and when it was created."
          className={styles.picture}
        />
      </picture>
    </figure>
  );
}
