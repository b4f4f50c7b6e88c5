import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeServer, OWNER, PASSWORD, problem, SUPER_ADMIN } from '@/testing/fake-server';
import { serveFrom } from '@/testing/render-app';
import { request } from './api-client';
import {
  currentSession,
  followOtherTabs,
  renewSession,
  restoreSession,
  signIn,
  signOut,
  wasSignedIn,
} from './session';

const REFRESH = '/api/sessions/refresh';

describe('the session', () => {
  let server: FakeServer;
  const refreshes = () => server.requests.filter(({ path }) => path === REFRESH).length;

  beforeEach(() => {
    server = new FakeServer();
    serveFrom(server);
  });

  it('is restored from the cookie when the page loads', async () => {
    server.cookie = SUPER_ADMIN;

    await restoreSession();

    expect(currentSession()).toEqual({ status: 'signed-in', user: SUPER_ADMIN });
  });

  it('is nobody without a cookie', async () => {
    await restoreSession();

    expect(currentSession()).toEqual({ status: 'signed-out' });
    expect(wasSignedIn()).toBe(false);
  });

  it('is renewed once for all who ask at the same time', async () => {
    server.cookie = SUPER_ADMIN;
    await restoreSession();
    server.accessTokens.clear();

    await Promise.all([request('/api/me'), request('/api/me'), request('/api/me')]);

    expect(refreshes()).toBe(2);
  });

  it('is renewed before its access token expires', async () => {
    vi.useFakeTimers();
    server.cookie = SUPER_ADMIN;
    await restoreSession();

    await vi.advanceTimersByTimeAsync(840_000);

    expect(refreshes()).toBe(2);
  });

  it('tries a refused request once more, not again and again', async () => {
    server.cookie = SUPER_ADMIN;
    await restoreSession();
    server.replyOnce('GET /api/me', problem(401, 'Not signed in'));
    server.replyOnce('GET /api/me', problem(401, 'Not signed in'));

    await expect(request('/api/me')).rejects.toMatchObject({ status: 401 });
    expect(server.requests.filter(({ path }) => path === '/api/me')).toHaveLength(2);
  });

  it('outlives a server that is away for a while', async () => {
    vi.useFakeTimers();
    server.cookie = SUPER_ADMIN;
    await restoreSession();
    server.replyOnce(`POST ${REFRESH}`, problem(503, 'Restarting'));

    await renewSession();
    expect(currentSession().status).toBe('signed-in');

    await vi.advanceTimersByTimeAsync(10_000);
    expect(refreshes()).toBe(3);
  });

  it('does not come back through a renewal that was under way at sign-out', async () => {
    await signIn(SUPER_ADMIN.email, PASSWORD);

    const renewal = renewSession();
    await Promise.all([signOut(), renewal]);
    server.cookie = SUPER_ADMIN;
    await renewSession();

    expect(currentSession().status).toBe('signed-out');
  });

  it('ends here when it was ended in another tab', async () => {
    const leave = followOtherTabs();
    await signIn(SUPER_ADMIN.email, PASSWORD);

    window.dispatchEvent(new StorageEvent('storage', { key: 'diquis.signed-in', newValue: null }));

    expect(currentSession().status).toBe('signed-out');
    leave();
  });

  it('becomes the other user when another tab signed in as them', async () => {
    const leave = followOtherTabs();
    await signIn(SUPER_ADMIN.email, PASSWORD);
    server.cookie = OWNER;

    window.dispatchEvent(
      new StorageEvent('storage', { key: 'diquis.signed-in', newValue: OWNER.id }),
    );

    await vi.waitFor(() => expect(currentSession()).toEqual({ status: 'signed-in', user: OWNER }));
    leave();
  });
});
