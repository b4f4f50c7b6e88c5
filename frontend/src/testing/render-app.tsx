import { act, render } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { BrowserRouter } from 'react-router';
import { vi } from 'vitest';
import { App } from '@/app/app';
import * as connectHub from '@/lib/signalr/connect-hub';
import { FakeHub } from './fake-hub';
import { FakeServer } from './fake-server';

/** The whole application at `address`, with a server in memory and a hub that the test speaks through. */
export function renderApp(address: string, server = new FakeServer()) {
  const hub = new FakeHub();
  vi.spyOn(connectHub, 'connectHub').mockReturnValue(hub);
  server.tell = (target, ...args) => act(() => hub.tell(target, ...args));
  serveFrom(server);

  window.history.replaceState(null, '', address);
  const user = userEvent.setup();
  render(
    <BrowserRouter>
      <App />
    </BrowserRouter>,
  );
  return { server, hub, user };
}

/** Answers every request of the page from `server`. */
export function serveFrom(server: FakeServer): void {
  vi.stubGlobal('fetch', (path: string, options?: RequestInit) =>
    server.handle(new Request(new URL(path, window.location.origin), options)),
  );
}
