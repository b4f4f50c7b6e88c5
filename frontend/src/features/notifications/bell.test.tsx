import { act, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { FakeServer, SUPER_ADMIN } from '@/testing/fake-server';
import { pendingTenant } from '@/testing/fake-tenants';
import { renderApp } from '@/testing/render-app';

const acme = pendingTenant({ id: '1', name: 'Acme', slug: 'acme' });
const READY = 'Tenant Acme has been successfully provisioned.';
const FAILED = 'Tenant Acme could not be provisioned.';

function signedInServer(): FakeServer {
  const server = new FakeServer();
  server.cookie = SUPER_ADMIN;
  server.tenants = [acme];
  return server;
}

const bell = (unread: number) =>
  screen.findByRole('button', { name: `Notifications, ${unread} unread` });

describe('the bell', () => {
  it('holds what came while one was away, without a toast', async () => {
    const server = signedInServer();
    server.notify('Success', 'TenantReady', acme, READY);
    const { user } = renderApp('/tenants', server);

    expect(await bell(1)).toHaveTextContent('1');
    expect(screen.queryByText(READY)).toBeNull();

    await user.click(await bell(1));
    expect(await screen.findByText(READY)).toBeVisible();
  });

  it('counts no further than nine for the eye, and exactly for screen readers', async () => {
    const server = signedInServer();
    for (let count = 0; count < 12; count += 1) {
      server.notify('Success', 'TenantReady', acme, `${READY} ${count}`);
    }
    renderApp('/tenants', server);

    expect(await bell(12)).toHaveTextContent('9+');
  });

  it('counts what the hub tells, once', async () => {
    const server = signedInServer();
    const { hub } = renderApp('/tenants', server);
    await bell(0);

    const { type, message, details } = server.notify('Success', 'TenantReady', acme, READY);
    act(() => hub.tell('ReceiveNotification', type, message, details));

    expect(await bell(1)).toBeVisible();
    expect(screen.getAllByText(READY)).toHaveLength(1);
    expect(screen.queryByText('×2')).toBeNull();
  });

  it('marks all as read', async () => {
    const server = signedInServer();
    server.notify('Success', 'TenantReady', acme, READY);
    server.notify('Error', 'TenantFailed', acme, FAILED);
    const { user } = renderApp('/tenants', server);

    await user.click(await bell(2));
    await user.click(await screen.findByRole('button', { name: 'Mark all as read' }));

    expect(await bell(0)).toBeInTheDocument();
    await waitFor(() => expect(server.notifications.every((item) => item.readAt)).toBe(true));
  });

  it('leads from a notification to its tenant, and has it read', async () => {
    const server = signedInServer();
    server.notify('Error', 'TenantFailed', acme, FAILED);
    const { user } = renderApp('/tenants', server);

    await user.click(await bell(1));
    await user.click(await screen.findByRole('link', { name: new RegExp(FAILED) }));

    expect(await screen.findByRole('dialog', { name: 'Acme' })).toBeVisible();
    await waitFor(() => expect(server.notifications[0]?.readAt).not.toBeNull());
  });

  it('says what it is for when it is empty', async () => {
    const { user } = renderApp('/tenants', signedInServer());

    await user.click(await bell(0));

    expect(await screen.findByText(/Nothing yet/)).toBeVisible();
  });
});

describe('a notification as a toast', () => {
  it('stays with a way to the details when a tenant has failed for good', async () => {
    const server = signedInServer();
    renderApp('/tenants', server);
    await bell(0);

    server.notify('Error', 'TenantFailed', acme, FAILED);

    const messages = within(screen.getByRole('region', { name: 'Messages' }));
    expect((await messages.findByText(FAILED)).closest('[role="alert"]')).not.toBeNull();
    expect(messages.getByRole('link', { name: 'View details' })).toHaveAttribute(
      'href',
      '/tenants?tenant=1',
    );
  });

  it('is politely said when a tenant is tried again', async () => {
    const server = signedInServer();
    renderApp('/tenants', server);
    await bell(0);

    server.notify('Info', 'TenantWillRetry', acme, 'Tenant Acme will be tried again.');

    const text = await screen.findByText('Tenant Acme will be tried again.');
    expect(text.closest('[role="status"]')).not.toBeNull();
  });
});
