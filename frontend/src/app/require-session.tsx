import { useEffect } from 'react';
import { Navigate, Outlet, useLocation } from 'react-router';
import { Button } from '@/components/button';
import { EmptyState } from '@/components/empty-state';
import { paths, startPageOf } from '@/lib/paths';
import { restoreSession, type User } from '@/lib/session';
import { useSession } from '@/lib/use-session';
import { Waiting } from './waiting';

/** Lets people through who have the role; sends the others to where they belong. */
export function RequireSession({ as: role }: { as: User['roles'][number] }) {
  const session = useSession();
  const here = useLocation();

  useEffect(() => {
    if (session.status === 'unknown') void restoreSession();
  }, [session.status]);

  switch (session.status) {
    case 'unknown':
      return <Waiting />;
    case 'unreachable':
      return <Unreachable />;
    case 'signed-out':
      return <Navigate to={signInFor(here, session.because)} replace />;
    case 'signed-in':
      if (session.user.roles.includes(role)) return <Outlet />;
      return <Navigate to={startPageOf(session.user)} replace />;
  }
}

function Unreachable() {
  return (
    <main>
      <EmptyState title="The server could not be reached">
        <p>You are still signed in. Please try again in a moment.</p>
        <Button onClick={() => void restoreSession()}>Try again</Button>
      </EmptyState>
    </main>
  );
}

function signInFor(here: { pathname: string; search: string }, because: string | undefined) {
  const start = here.pathname === paths.tenants || here.pathname === paths.home;
  if (start && !here.search && !because) return paths.signIn;
  return `${paths.signIn}?${new URLSearchParams({ returnTo: here.pathname + here.search })}`;
}
