import type { User } from './session';

/** The addresses of pages, for everything that links to one. */
export const paths = {
  landing: '/',
  signIn: '/sign-in',
  tenants: '/tenants',
  mails: '/mails',
  home: '/home',
  tenant: (id: string) => `/tenants?tenant=${id}`,
  dashboard: '/hangfire',
  job: (id: string) => `/hangfire/jobs/details/${id}`,
};

/** Where somebody lands who has just signed in. */
export function startPageOf(user: User): string {
  return user.roles.includes('SuperAdmin') ? paths.tenants : paths.home;
}

/** A `returnTo` that leads to a page of this server; null for everything else. */
export function safeReturnTo(value: string | null): string | null {
  if (!value?.startsWith('/')) return null;
  const { origin } = window.location;
  const target = URL.canParse(value, origin) ? new URL(value, origin) : null;
  if (target?.origin !== origin) return null;
  return target.pathname + target.search + target.hash;
}

/** Whether the server renders the page itself, outside of this application. */
export function isServerRendered(path: string): boolean {
  return path === paths.dashboard || path.startsWith(`${paths.dashboard}/`);
}
