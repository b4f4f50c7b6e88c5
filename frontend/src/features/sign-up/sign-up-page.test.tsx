import { screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { FakeServer, problem } from '@/testing/fake-server';
import { renderApp } from '@/testing/render-app';

describe('the public page', () => {
  it('thanks a visitor who signs up, and asks for nothing but the form', async () => {
    const { user, server } = renderApp('/');

    await user.type(screen.getByLabelText('Organization'), 'Café Tarrazú');
    await user.type(screen.getByLabelText('Work e-mail'), 'ana@tarrazu.example');
    await user.click(screen.getByRole('button', { name: 'Register' }));

    expect(
      await screen.findByText(
        'Thanks for signing up! Check your email shortly for your login details.',
      ),
    ).toBeVisible();
    expect(screen.getByText('ana@tarrazu.example')).toBeVisible();
    expect(screen.getByRole('heading', { name: 'Check your inbox' })).toHaveFocus();
    expect(server.requests.at(-1)).toMatchObject({
      method: 'POST',
      path: '/api/sign-up',
      body: { organization: 'Café Tarrazú', email: 'ana@tarrazu.example', slug: 'cafe-tarrazu' },
    });
  });

  it('names each empty field and leads to the first, without asking the server', async () => {
    const { user, server } = renderApp('/');

    await user.click(screen.getByRole('button', { name: 'Register' }));

    expect(screen.getByLabelText('Organization')).toHaveFocus();
    expect(screen.getByLabelText('Organization')).toHaveAccessibleDescription(
      /Enter the name of your organization/,
    );
    expect(screen.getByLabelText('Work e-mail')).toBeInvalid();
    expect(server.requests).toEqual([]);
  });

  it('puts what the server refuses at the field it is about', async () => {
    const server = new FakeServer();
    server.replyOnce(
      'POST /api/sign-up',
      problem(400, 'Some fields are not right', { email: ['This domain takes no mail.'] }),
    );
    const { user } = renderApp('/', server);

    await user.type(screen.getByLabelText('Organization'), 'Acme');
    await user.type(screen.getByLabelText('Work e-mail'), 'ana@acme.example');
    await user.click(screen.getByRole('button', { name: 'Register' }));

    await waitFor(() => expect(screen.getByLabelText('Work e-mail')).toHaveFocus());
    expect(screen.getByLabelText('Work e-mail')).toHaveAccessibleDescription(
      /This domain takes no mail/,
    );
  });

  it('keeps what was typed when the short name is taken', async () => {
    const server = new FakeServer();
    server.takenSlugs.add('acme');
    const { user } = renderApp('/', server);

    await user.type(screen.getByLabelText('Organization'), 'Acme');
    await user.type(screen.getByLabelText('Work e-mail'), 'ana@acme.example');
    await user.click(screen.getByRole('button', { name: 'Register' }));

    await waitFor(() => expect(screen.getByLabelText('Short name')).toHaveFocus());
    expect(screen.getByLabelText('Short name')).toHaveAccessibleDescription(/acme is taken/);
    expect(screen.getByLabelText('Organization')).toHaveValue('Acme');

    await user.clear(screen.getByLabelText('Short name'));
    await user.type(screen.getByLabelText('Short name'), 'acme-2');
    await user.click(screen.getByRole('button', { name: 'Register' }));

    expect(await screen.findByText(/Thanks for signing up/)).toBeVisible();
  });

  it('says how long to wait after too many attempts', async () => {
    const server = new FakeServer();
    server.replyOnce(
      'POST /api/sign-up',
      problem(429, 'Too many requests', undefined, { 'Retry-After': '42' }),
    );
    const { user } = renderApp('/', server);

    await user.type(screen.getByLabelText('Organization'), 'Acme');
    await user.type(screen.getByLabelText('Work e-mail'), 'ana@acme.example');
    await user.click(screen.getByRole('button', { name: 'Register' }));

    expect(await screen.findByText(/try again in 42 seconds/)).toBeVisible();
  });

  it('says while one types whether the short name is free', async () => {
    const server = new FakeServer();
    server.takenSlugs.add('acme');
    const { user } = renderApp('/', server);

    await user.type(screen.getByLabelText('Organization'), 'Acme');
    expect(await screen.findByText('acme is taken')).toBeVisible();

    await user.type(screen.getByLabelText('Organization'), ' Tours');
    expect(await screen.findByText('acme-tours is available')).toBeVisible();
  });
});
