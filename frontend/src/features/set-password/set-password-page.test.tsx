import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { renderApp } from '@/testing/render-app';

describe('setting a password', () => {
  it('sends the token of the link and leads on to sign-in', async () => {
    const { user, server } = renderApp('/set-password#token=good');

    await user.type(await screen.findByLabelText('Password'), 'round as a stone');
    await user.click(screen.getByRole('button', { name: 'Set password' }));

    expect(await screen.findByRole('heading', { name: 'Your password is set' })).toBeVisible();
    expect(server.requests.at(-1)?.body).toEqual({ token: 'good', password: 'round as a stone' });
    expect(screen.getByRole('link', { name: 'Go to sign-in' })).toBeVisible();
  });

  it('says that a link was used already', async () => {
    const { user } = renderApp('/set-password#token=used');

    await user.type(await screen.findByLabelText('Password'), 'round as a stone');
    await user.click(screen.getByRole('button', { name: 'Set password' }));

    expect(await screen.findByText(/used already or has expired/)).toBeVisible();
  });

  it('refuses a short password before it is sent', async () => {
    const { user, server } = renderApp('/set-password#token=good');

    await user.type(await screen.findByLabelText('Password'), 'short');
    await user.click(screen.getByRole('button', { name: 'Set password' }));

    expect(screen.getByLabelText('Password')).toHaveAccessibleDescription(/at least 8 characters/);
    expect(screen.getByLabelText('Password')).toHaveFocus();
    expect(server.requests).toEqual([]);
  });

  it('shows the password when asked to', async () => {
    const { user } = renderApp('/set-password#token=good');

    await user.type(await screen.findByLabelText('Password'), 'round as a stone');
    await user.click(screen.getByRole('button', { name: 'Show' }));

    expect(screen.getByLabelText('Password')).toHaveAttribute('type', 'text');
  });

  it('explains a link that lost its token', async () => {
    renderApp('/set-password');

    expect(await screen.findByRole('heading', { name: /not complete/ })).toBeVisible();
  });
});
