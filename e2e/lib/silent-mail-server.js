import { createServer } from 'node:net';
import { until } from './until.js';

/** A mail server that takes calls and says nothing: who sends a mail to it waits. */
export async function openSilentMailServer(t) {
  const server = new SilentMailServer();
  await server.listen();
  t.after(() => server.close());
  return server;
}

class SilentMailServer {
  #calls = new Set();

  async listen() {
    this.server = createServer((call) => this.#take(call));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `smtp://127.0.0.1:${this.server.address().port}`;
  }

  close() {
    for (const call of this.#calls) call.destroy();
    this.server.close();
  }

  /** Waits until so many mails are being sent. */
  hasCalls(many) {
    return until(`${many} mails are being sent`, () => this.#calls.size === many, 15);
  }

  #take(call) {
    this.#calls.add(call);
    call.on('error', () => {});
    call.on('close', () => this.#calls.delete(call));
  }
}
