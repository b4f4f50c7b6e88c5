import { act, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { FakeServer, problem, SUPER_ADMIN } from '@/testing/fake-server';
import { advanced, failed, pendingTenant } from '@/testing/fake-tenants';
import { renderApp } from '@/testing/render-app';

function signedInServer(): FakeServer {
  const server = new FakeServer();
  server.cookie = SUPER_ADMIN;
  return server;
}

const tenant = (id: string, name: string) => pendingTenant({ id, name, slug: name.toLowerCase() });
const rowOf = async (name: string) =>
  within((await screen.findByRole('link', { name })).closest('tr') as HTMLElement);

async function orderTenant(user: ReturnType<typeof renderApp>['user'], name: string) {
  await user.click(await screen.findByRole('button', { name: 'Create tenant' }));
  const dialog = within(await screen.findByRole('dialog', { name: 'Create tenant' }));
  await user.type(dialog.getByLabelText('Name'), name);
  await user.type(dialog.getByLabelText('Administrator e-mail'), 'ana@acme.example');
  await user.click(dialog.getByRole('button', { name: 'Submit' }));
}

describe('creating a tenant', () => {
  it('shows the row at once, each step as it happens, and tells when it is ready', async () => {
    const { server, user } = renderApp('/tenants', signedInServer());

    await orderTenant(user, 'Acme Tours');
    expect(
      await screen.findByText('Tenant creation started. You will be notified when complete.'),
    ).toBeVisible();
    const row = await rowOf('Acme Tours');
    expect(row.getByText('Pending')).toBeVisible();

    const id = server.tenants[0]?.id ?? '';
    server.advance(id);
    expect(await row.findByText('Provisioning')).toBeVisible();
    expect(row.getByText('Step 1 of 5: Create database')).toBeVisible();
    server.advance(id);
    expect(await row.findByText('Step 2 of 5: Run migrations')).toBeVisible();

    for (const _ of ['seed', 'owner', 'activate', 'done']) server.advance(id);
    const ready = 'Tenant Acme Tours has been successfully provisioned.';
    server.notify('Success', 'TenantReady', tenant(id, 'Acme Tours'), ready);
    expect(await row.findByText('Active')).toBeVisible();
    expect((await screen.findByText(ready)).closest('[role="status"]')).not.toBeNull();
    expect(screen.getByRole('button', { name: 'Notifications, 1 unread' })).toBeVisible();
  });

  it('suggests a slug from the name until one writes another', async () => {
    const { user, server } = renderApp('/tenants', signedInServer());
    await user.click(await screen.findByRole('button', { name: 'Create tenant' }));

    await user.type(screen.getByLabelText('Name'), 'Península & Co.');
    expect(screen.getByLabelText('Slug')).toHaveValue('peninsula-co');

    await user.clear(screen.getByLabelText('Slug'));
    await user.type(screen.getByLabelText('Slug'), 'peninsula');
    await user.type(screen.getByLabelText('Name'), ' Ltd');
    expect(screen.getByLabelText('Slug')).toHaveValue('peninsula');
    expect(await screen.findByText('peninsula is available')).toBeVisible();
    expect(server.tenants).toEqual([]);
  });

  it('stays open with what was typed when the slug is taken', async () => {
    const server = signedInServer();
    server.takenSlugs.add('acme');
    const { user } = renderApp('/tenants', server);

    await orderTenant(user, 'Acme');

    await waitFor(() => expect(screen.getByLabelText('Slug')).toHaveFocus());
    expect(screen.getByLabelText('Slug')).toHaveAccessibleDescription(/acme is taken/);
    expect(screen.getByLabelText('Name')).toHaveValue('Acme');
  });

  it('sends the same key again for the same form, so that a repeat makes no second tenant', async () => {
    const server = signedInServer();
    server.replyOnce('POST /api/tenants', problem(503, 'Too busy'));
    const { user } = renderApp('/tenants', server);

    await orderTenant(user, 'Acme');
    await screen.findByText(/Nothing is lost/);
    await user.click(screen.getByRole('button', { name: 'Submit' }));
    await rowOf('Acme');

    const keys = server.requests
      .filter(({ method, path }) => method === 'POST' && path === '/api/tenants')
      .map(({ headers }) => headers.get('Idempotency-Key'));
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(keys[1]).toBe(keys[0]);
  });

  it('takes another key when the form has changed', async () => {
    const server = signedInServer();
    server.takenSlugs.add('acme');
    const { user } = renderApp('/tenants', server);

    await orderTenant(user, 'Acme');
    await waitFor(() => expect(screen.getByLabelText('Slug')).toHaveFocus());
    await user.type(screen.getByLabelText('Slug'), '-2');
    await user.click(screen.getByRole('button', { name: 'Submit' }));
    await rowOf('Acme');

    const keys = server.requests
      .filter(({ method, path }) => method === 'POST' && path === '/api/tenants')
      .map(({ headers }) => headers.get('Idempotency-Key'));
    expect(new Set(keys).size).toBe(2);
  });

  it('closes with Escape and gives the focus back', async () => {
    const { user } = renderApp('/tenants', signedInServer());
    await user.click(await screen.findByRole('button', { name: 'Create tenant' }));
    await screen.findByRole('dialog', { name: 'Create tenant' });

    await user.keyboard('{Escape}');

    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(screen.getByRole('button', { name: 'Create tenant' })).toHaveFocus();
  });
});

describe('the list of tenants', () => {
  it('says what to do when there is none', async () => {
    const { user } = renderApp('/tenants', signedInServer());

    await user.click(await screen.findByRole('button', { name: 'Create the first tenant' }));

    expect(await screen.findByRole('dialog', { name: 'Create tenant' })).toBeVisible();
  });

  it('filters by status and text, kept in the address', async () => {
    const server = signedInServer();
    server.tenants = [tenant('1', 'Acme'), advanced(tenant('2', 'Bahia')), tenant('3', 'Cahuita')];
    const { user } = renderApp('/tenants', server);
    await rowOf('Acme');

    await user.click(screen.getByRole('link', { name: 'Pending' }));
    await waitFor(() => expect(screen.queryByRole('link', { name: 'Bahia' })).toBeNull());
    expect(screen.getByText('2 tenants')).toBeVisible();

    await user.type(screen.getByLabelText('Search tenants'), 'cahu');
    await waitFor(() => expect(screen.queryByRole('link', { name: 'Acme' })).toBeNull());
    expect(window.location.search).toBe('?status=Pending&q=cahu');
    expect(screen.getByText('1 tenant')).toBeVisible();
  });

  it('turns pages', async () => {
    const server = signedInServer();
    server.tenants = Array.from({ length: 21 }, (_, place) => tenant(`${place}`, `Tenant${place}`));
    const { user } = renderApp('/tenants', server);
    await rowOf('Tenant0');

    await user.click(screen.getByRole('button', { name: 'Next page' }));

    expect(await screen.findByRole('link', { name: 'Tenant20' })).toBeVisible();
    expect(window.location.search).toBe('?page=2');
  });

  it('ignores news that is older than what it shows', async () => {
    const server = signedInServer();
    server.tenants = [advanced(advanced(tenant('1', 'Acme')))];
    renderApp('/tenants', server);
    const row = await rowOf('Acme');
    const before = server.requests.length;

    server.tell('TenantChanged', { id: '1', version: 2, status: 'Provisioning' });

    expect(row.getByText('Step 2 of 5: Run migrations')).toBeVisible();
    expect(server.requests.slice(before).filter(({ path }) => path === '/api/tenants/1')).toEqual(
      [],
    );
  });

  it('shows a tenant that somebody else has created', async () => {
    const server = signedInServer();
    renderApp('/tenants', server);
    await screen.findByText('No tenants yet');

    server.tenants = [tenant('1', 'Acme')];
    server.tell('TenantChanged', { id: '1', version: 1, status: 'Pending' });

    expect(await screen.findByRole('link', { name: 'Acme' })).toBeVisible();
  });

  it('asks by itself while the hub is away, and says so after five seconds', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const server = signedInServer();
    server.tenants = [tenant('1', 'Acme')];
    const { hub } = renderApp('/tenants', server);
    const row = await rowOf('Acme');

    hub.isDown = true;
    act(() => hub.drop());
    server.advance('1');
    await act(() => vi.advanceTimersByTimeAsync(1_500));
    expect(await row.findByText('Provisioning')).toBeVisible();
    expect(screen.queryByText(/Live updates paused/)).toBeNull();

    await act(() => vi.advanceTimersByTimeAsync(4_000));
    expect(screen.getByText('Live updates paused – reconnecting')).toBeVisible();

    hub.isDown = false;
    await act(() => vi.advanceTimersByTimeAsync(20_000));
    await waitFor(() => expect(screen.queryByText(/Live updates paused/)).toBeNull());
  });

  it('catches up on what happened while the hub was away', async () => {
    const server = signedInServer();
    server.tenants = [{ ...tenant('1', 'Acme'), status: 'Active' }];
    const { hub } = renderApp('/tenants', server);
    await rowOf('Acme');

    server.tenants = [tenant('2', 'Bahia'), ...server.tenants];
    act(() => hub.drop());

    expect(await screen.findByRole('link', { name: 'Bahia' })).toBeVisible();
  });

  it('keeps the page when it cannot be loaded, and tries again', async () => {
    const server = signedInServer();
    server.tenants = [tenant('1', 'Acme')];
    server.replyOnce('GET /api/tenants', problem(403, 'Not for you'));
    const { user } = renderApp('/tenants', server);

    await user.click(await screen.findByRole('button', { name: 'Try again' }));

    expect(await screen.findByRole('link', { name: 'Acme' })).toBeVisible();
  });
});

describe('a tenant that failed', () => {
  const inAMinute = () => new Date(Date.now() + 60_000).toISOString();

  it('shows where, why and when it is tried again', async () => {
    const server = signedInServer();
    const stuck = failed(advanced(advanced(tenant('1', 'Acme'))), 'disk is full', inAMinute());
    server.tenants = [stuck];
    const { user } = renderApp('/tenants', server);
    const row = await rowOf('Acme');
    expect(row.getByText('Failed')).toBeVisible();
    expect(row.getByText('at: Run migrations')).toBeVisible();
    expect(row.getByText(/next try in/)).toBeVisible();

    await user.click(screen.getByRole('link', { name: 'Acme' }));

    const panel = within(await screen.findByRole('dialog', { name: 'Acme' }));
    expect(panel.getByText('disk is full')).toBeVisible();
    expect(panel.getByText('1 of 10')).toBeVisible();
    expect(panel.getByRole('link', { name: 'Open job' })).toHaveAttribute(
      'href',
      `/hangfire/jobs/details/${stuck.jobId}`,
    );
  });

  it('goes on after Retry', async () => {
    const server = signedInServer();
    server.tenants = [failed(advanced(tenant('1', 'Acme')), 'disk is full', null)];
    const { user } = renderApp('/tenants', server);
    const row = await rowOf('Acme');

    await user.click(row.getByRole('button', { name: 'Retry Acme' }));
    expect(await row.findByText('Pending')).toBeVisible();

    server.advance('1');
    expect(await row.findByText('Provisioning')).toBeVisible();
  });

  it('says it when a retry is refused', async () => {
    const server = signedInServer();
    server.tenants = [failed(advanced(tenant('1', 'Acme')), 'disk is full', null)];
    server.replyOnce('POST /api/tenants/1/retry', problem(409, 'The tenant is active already'));
    const { user } = renderApp('/tenants', server);

    await user.click(await screen.findByRole('button', { name: 'Retry Acme' }));

    expect(
      await screen.findByText('Acme was not retried. The tenant is active already.'),
    ).toBeVisible();
  });
});
