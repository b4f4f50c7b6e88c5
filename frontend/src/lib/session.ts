import { exchange } from './http';
import { Problem } from './problem';
import type { components } from './schema';

export type User = components['schemas']['User'];
type SessionAnswer = components['schemas']['Session'];

export type Session =
  /** Not asked yet; the refresh cookie may still hold one. */
  | { status: 'unknown' }
  | { status: 'unreachable' }
  | { status: 'signed-out'; because?: 'expired' }
  | { status: 'signed-in'; user: User };

const RENEW_BEFORE_EXPIRY_MS = 60_000;
const RENEW_AGAIN_MS = 10_000;

/** Holds who is signed in, so that a visitor's first page makes no request in vain. Not a credential. */
const HINT = 'diquis.signed-in';

let session: Session = { status: 'unknown' };
let accessToken: { value: string; expiresAt: number } | null = null;
let renewal: Promise<void> | null = null;
let renewalTimer: ReturnType<typeof setTimeout> | undefined;
/** Counts sign-ins and sign-outs: a renewal that began before one of them must not undo it. */
let era = 0;
const listeners = new Set<() => void>();

export const currentSession = (): Session => session;

export function subscribeToSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export async function signIn(email: string, password: string): Promise<User> {
  const answer = await exchange<SessionAnswer>('/api/sessions', {
    method: 'POST',
    body: { email, password },
  });
  era += 1;
  begin(answer);
  return answer.user;
}

/** Signs out here at once, then on the server; an unreachable server must not keep anyone in. */
export async function signOut(): Promise<void> {
  const headers: Record<string, string> = {};
  if (accessToken) headers.Authorization = `Bearer ${accessToken.value}`;
  end({ status: 'signed-out' });
  await exchange('/api/sessions/current', { method: 'DELETE', headers }).catch((error: unknown) => {
    if (error instanceof Problem && error.status === 401) return;
    throw error;
  });
}

/** Asks the refresh cookie for a session, unless one is known already. */
export async function restoreSession(): Promise<void> {
  if (session.status === 'unknown' || session.status === 'unreachable') await renewSession();
}

/** Whether somebody was signed in when this browser last looked. */
export function wasSignedIn(): boolean {
  return readHint() !== null;
}

/** The access token, renewed first when it is about to expire; null when nobody is signed in. */
export async function freshAccessToken(): Promise<string | null> {
  if (!lastsFor(RENEW_AGAIN_MS)) await renewSession();
  if (accessToken === null) return null;
  if (!lastsFor(0)) throw Problem.unreachable();
  return accessToken.value;
}

function lastsFor(ms: number): boolean {
  return accessToken !== null && accessToken.expiresAt - Date.now() > ms;
}

/** Renews the session through the refresh cookie. Callers at the same time share one request. */
export async function renewSession(): Promise<void> {
  if (session.status === 'signed-out') return;
  renewal ??= oneTabAtATime(renew).finally(() => {
    renewal = null;
  });
  await renewal;
}

async function renew(): Promise<void> {
  const startedIn = era;
  try {
    const answer = await exchange<SessionAnswer>('/api/sessions/refresh', { method: 'POST' });
    if (era === startedIn) begin(answer);
  } catch (error) {
    if (era !== startedIn) return;
    if (error instanceof Problem && error.status === 401) {
      end({ status: 'signed-out', ...(session.status === 'signed-in' && { because: 'expired' }) });
    } else if (session.status === 'signed-in') {
      renewIn(RENEW_AGAIN_MS);
    } else {
      change({ status: 'unreachable' });
    }
  }
}

function begin(answer: SessionAnswer): void {
  const lifetimeMs = answer.expiresIn * 1000;
  accessToken = { value: answer.accessToken, expiresAt: Date.now() + lifetimeMs };
  renewIn(Math.max(lifetimeMs - RENEW_BEFORE_EXPIRY_MS, lifetimeMs / 2));
  writeHint(answer.user.id);
  if (session.status === 'signed-in' && sameUser(session.user, answer.user)) return;
  change({ status: 'signed-in', user: answer.user });
}

function end(next: Session): void {
  era += 1;
  accessToken = null;
  clearTimeout(renewalTimer);
  writeHint(null);
  change(next);
}

function change(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

function renewIn(delayMs: number): void {
  clearTimeout(renewalTimer);
  renewalTimer = setTimeout(() => void renewSession(), delayMs);
}

// Two tabs share one refresh cookie, and each use replaces it.
function oneTabAtATime(work: () => Promise<void>): Promise<void> {
  if (!navigator.locks) return work();
  return navigator.locks.request('diquis.session', work);
}

function sameUser(one: User, other: User): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function readHint(): string | null {
  try {
    return localStorage.getItem(HINT);
  } catch {
    return null;
  }
}

function writeHint(userId: string | null): void {
  try {
    if (userId === null) localStorage.removeItem(HINT);
    else if (localStorage.getItem(HINT) !== userId) localStorage.setItem(HINT, userId);
  } catch {
    // Without storage each page asks the cookie, which is only slower.
  }
}

/** Follows sign-ins and sign-outs of other tabs. */
export function followOtherTabs(): () => void {
  const onStorage = (event: StorageEvent) => {
    if (event.key !== HINT) return;
    if (event.newValue === null) return end({ status: 'signed-out' });
    if (session.status === 'signed-out') change({ status: 'unknown' });
    if (session.status !== 'signed-in' || event.newValue !== session.user.id) void renewSession();
  };
  window.addEventListener('storage', onStorage);
  return () => window.removeEventListener('storage', onStorage);
}

/** Forgets everything, as a page load does. */
export function forgetSession(): void {
  era += 1;
  accessToken = null;
  renewal = null;
  clearTimeout(renewalTimer);
  change({ status: 'unknown' });
}
