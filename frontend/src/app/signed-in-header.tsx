import { NavLink } from 'react-router';
import { Button } from '@/components/button';
import { ExternalIcon, SignOutIcon } from '@/components/icons';
import { useToasts } from '@/components/toaster/toast-context';
import { useMails } from '@/features/mails/use-mails';
import { Bell } from '@/features/notifications/bell';
import { paths, startPageOf } from '@/lib/paths';
import { signOut, type User } from '@/lib/session';
import { useSession } from '@/lib/use-session';
import { Brand } from './brand';
import styles from './signed-in-header.module.css';

export function SignedInHeader() {
  const session = useSession();
  const toasts = useToasts();
  if (session.status !== 'signed-in') return null;
  const { user } = session;

  function leave() {
    signOut().catch(() =>
      toasts.show({
        tone: 'error',
        message: 'You are signed out here, but the server could not be told. Close this browser.',
      }),
    );
  }

  return (
    <header className={styles.header}>
      <div className={styles.row}>
        <Brand to={startPageOf(user)} />
        <Navigation user={user} />
        <div className={styles.account}>
          <Bell />
          <span className={styles.email} title={user.email}>
            {user.email}
          </span>
          <Button look="quiet" aria-label="Sign out" title="Sign out" isIcon onClick={leave}>
            <SignOutIcon />
          </Button>
        </div>
      </div>
    </header>
  );
}

function Navigation({ user }: { user: User }) {
  const isSuperAdmin = user.roles.includes('SuperAdmin');
  const mails = useMails({ isEnabled: isSuperAdmin });
  return (
    <nav aria-label="Main" className={styles.navigation}>
      {isSuperAdmin && <NavLink to={paths.tenants}>Tenants</NavLink>}
      {user.roles.includes('TenantOwner') && <NavLink to={paths.home}>Workspace</NavLink>}
      {mails.data && <NavLink to={paths.mails}>Mails</NavLink>}
      {isSuperAdmin && (
        <a href={paths.dashboard}>
          Jobs <ExternalIcon />
        </a>
      )}
    </nav>
  );
}
