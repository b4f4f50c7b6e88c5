import { screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { FakeServer, OWNER, PASSWORD, problem, SUPER_ADMIN } from '@/testing/fake-server';
import { renderApp } from '@/testing/render-app';

async function signInAs(
  user: ReturnType<typeof renderApp>['user'],
  email: string,
  password: string,
) {
  await user.type(await screen.findByLabelText('E-mail'), email);
  await user.type(screen.getByLabelText('Password'), password);
  await user.click(screen.getByRole('button', { name: 'Sign in' }));
}

describe('signing in', () => {
  it('leads a Super Admin to the tenants, whose heading gets the focus', async () => {
    const { user } = renderApp('/sign-in');

    await signInAs(user, SUPER_ADMIN.email, PASSWORD);

    expect(await screen.findByRole('heading', { name: 'Tenants', level: 1 })).toHaveFocus();
    expect(document.title).toBe('Tenants · Diquis');
    expect(screen.getByRole('link', { name: 'Jobs' })).toHaveAttribute('href', '/hangfire');
  });

  it('leads the owner of a tenant to their workspace, where there is nothing of the admin', async () => {
    const { user } = renderApp('/sign-in');

    await signInAs(user, OWNER.email, PASSWORD);

    expect(await screen.findByRole('link', { name: 'Workspace' })).toBeVisible();
    expect(window.location.pathname).toBe('/home');
    expect(screen.queryByRole('link', { name: 'Tenants' })).toBeNull();
    expect(screen.queryByRole('link', { name: 'Jobs' })).toBeNull();
  });

  it('says that e-mail or password is wrong and keeps the e-mail', async () => {
    const { user } = renderApp('/sign-in');

    await signInAs(user, SUPER_ADMIN.email, 'wrong');

    expect(await screen.findByText('E-mail or password is wrong.')).toBeVisible();
    expect(screen.getByLabelText('E-mail')).toHaveValue(SUPER_ADMIN.email);
  });

  it('keeps the access token in memory alone', async () => {
    const { user } = renderApp('/sign-in');

    await signInAs(user, SUPER_ADMIN.email, PASSWORD);
    await screen.findByRole('heading', { name: 'Tenants', level: 1 });

    expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain('token-');
    expect(document.cookie).toBe('');
  });

  it('goes back to where the person came from', async () => {
    const { user } = renderApp('/tenants?status=Failed');

    await signInAs(user, SUPER_ADMIN.email, PASSWORD);

    await screen.findByRole('heading', { name: 'Tenants', level: 1 });
    expect(window.location.search).toBe('?status=Failed');
  });

  it('never goes to another host, whatever returnTo says', async () => {
    const { user } = renderApp('/sign-in?returnTo=//evil.example/tenants');

    await signInAs(user, SUPER_ADMIN.email, PASSWORD);

    await screen.findByRole('heading', { name: 'Tenants', level: 1 });
    expect(window.location.pathname).toBe('/tenants');
  });

  it('signs out at once, and the pages are closed again', async () => {
    const server = new FakeServer();
    server.cookie = SUPER_ADMIN;
    const { user } = renderApp('/tenants', server);

    await user.click(await screen.findByRole('button', { name: 'Sign out' }));

    expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeVisible();
    await waitFor(() => expect(server.cookie).toBeNull());
  });

  it('says that the session has ended when the server no longer knows it', async () => {
    const server = new FakeServer();
    server.cookie = SUPER_ADMIN;
    const { user } = renderApp('/tenants', server);
    await screen.findByRole('heading', { name: 'Tenants', level: 1 });

    server.cookie = null;
    server.accessTokens.clear();
    await user.click(await screen.findByRole('link', { name: 'Failed' }));

    expect(await screen.findByText('Your session has ended. Please sign in again.')).toBeVisible();
  });

  it('offers to try again when the server cannot be reached', async () => {
    const server = new FakeServer();
    server.cookie = SUPER_ADMIN;
    server.replyOnce('POST /api/sessions/refresh', problem(503, 'Starting'));
    const { user } = renderApp('/tenants', server);

    await user.click(await screen.findByRole('button', { name: 'Try again' }));

    expect(await screen.findByRole('heading', { name: 'Tenants', level: 1 })).toBeVisible();
  });
});
