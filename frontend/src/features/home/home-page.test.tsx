import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { OWNER, SUPER_ADMIN } from '@/testing/fake-server';
import { serverWithHistory } from '@/testing/fake-story';
import { renderApp } from '@/testing/render-app';

describe('the home of a tenant', () => {
  it('shows what is in its own database', async () => {
    const server = serverWithHistory();
    server.cookie = OWNER;
    renderApp('/home', server);

    expect(await screen.findByRole('heading', { name: 'Río Claro Farms' })).toBeVisible();
    expect(screen.getByText('Ana Mora')).toBeVisible();
    expect(screen.getByText('Viewer')).toBeVisible();
    expect(screen.getByText('time_zone')).toBeVisible();
    expect(screen.getByText(/SQLite/)).toBeVisible();
  });

  it('is not for a Super Admin, who lands on the tenants', async () => {
    const server = serverWithHistory();
    server.cookie = SUPER_ADMIN;
    renderApp('/home', server);

    expect(await screen.findByRole('heading', { name: 'Tenants', level: 1 })).toBeVisible();
  });
});
