import { DatabaseIcon, KeyIcon, PulseIcon } from '@/components/icons';
import { useArrival } from '@/components/use-arrival';
import { ProductPicture } from './product-picture';
import { SignUpCard } from './sign-up-card';
import styles from './sign-up-page.module.css';

const REASONS = [
  {
    Icon: DatabaseIcon,
    title: 'A database of your own',
    text: 'Nothing is shared with other organizations, so nothing leaks between them.',
  },
  {
    Icon: PulseIcon,
    title: 'Work that survives',
    text: 'Set-up is a durable job: if a machine stops half-way, it goes on where it stopped.',
  },
  {
    Icon: KeyIcon,
    title: 'No password in the mail',
    text: 'A link that works once lets you choose it. Nobody else ever sees it.',
  },
];

/** What a visitor sees first. */
export function SignUpPage() {
  const heading = useArrival('Diquis');
  return (
    <div className={styles.page}>
      <div className={styles.top}>
        <div className={styles.pitch}>
          <h1 ref={heading} tabIndex={-1} className={styles.title}>
            A workspace of your own, solid from the first minute
          </h1>
          <p className={styles.lead}>
            Register your organization and Diquis sets up its workspace in the background: a
            separate database, roles, settings and you as the owner. A mail tells you when it is
            ready.
          </p>
        </div>
        <div className={styles.card}>
          <SignUpCard />
        </div>
        <Reasons />
      </div>
      <ProductPicture />
    </div>
  );
}

function Reasons() {
  return (
    <ul className={styles.reasons}>
      {REASONS.map(({ Icon, title, text }) => (
        <li key={title}>
          <Icon className={styles.icon} />
          <div>
            <h2>{title}</h2>
            <p>{text}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}
