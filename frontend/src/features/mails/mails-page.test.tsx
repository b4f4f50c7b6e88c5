import { screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { FakeServer, SUPER_ADMIN } from '@/testing/fake-server';
import { renderApp } from '@/testing/render-app';
import { linked } from './linked';

function signedInServer(): FakeServer {
  const server = new FakeServer();
  server.cookie = SUPER_ADMIN;
  return server;
}

describe('the mailbox', () => {
  it('shows the mails that were not sent, with links to follow', async () => {
    const server = signedInServer();
    server.mails = [
      {
        id: 'm1',
        from: 'Diquis <no-reply@diquis.example>',
        to: 'ana@acme.example',
        subject: 'Welcome to Diquis',
        text: 'Choose a password: http://127.0.0.1:5000/set-password#token=abc.\n',
        html: null,
        createdAt: new Date().toISOString(),
      },
    ];
    const { user } = renderApp('/tenants', server);

    await user.click(await screen.findByRole('link', { name: 'Mails' }));
    await user.click(await screen.findByRole('link', { name: /Welcome to Diquis/ }));

    expect(await screen.findByRole('link', { name: /set-password/ })).toHaveAttribute(
      'href',
      'http://127.0.0.1:5000/set-password#token=abc',
    );
  });

  it('is not there when mails are really sent', async () => {
    const server = signedInServer();
    server.mails = null;
    renderApp('/tenants', server);
    await screen.findByRole('heading', { name: 'Tenants', level: 1 });

    await waitFor(() => expect(server.requests.map(({ path }) => path)).toContain('/api/mails'));
    expect(screen.queryByRole('link', { name: 'Mails' })).toBeNull();
  });
});

describe('the links of a text', () => {
  it('end before the punctuation of the sentence', () => {
    expect(
      linked('See https://a.example/b?c=d, or (http://e.example).').filter((part) => part.href),
    ).toMatchObject([{ href: 'https://a.example/b?c=d' }, { href: 'http://e.example' }]);
  });

  it('leave every character of the text in its place', () => {
    const text = 'one http://two.example three';
    expect(
      linked(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
  });
});
