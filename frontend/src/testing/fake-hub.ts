import type { Hub } from '@/lib/signalr/live-connection';

type Handler = (...args: unknown[]) => void;

/** Stands in for SignalR's connection; the test decides when a start succeeds and what is told. */
export class FakeHub implements Hub {
  starts = 0;
  stops = 0;
  isUp = false;
  /** While true, the server does not answer. */
  isDown = false;

  readonly #handlers = new Map<string, Handler[]>();
  readonly #closed: (() => void)[] = [];

  async start(): Promise<void> {
    this.starts += 1;
    if (this.isDown) throw new Error('no answer');
    this.isUp = true;
  }

  async stop(): Promise<void> {
    this.stops += 1;
    if (this.isUp) this.drop();
  }

  on(target: string, handler: Handler): void {
    this.#handlers.set(target, [...(this.#handlers.get(target) ?? []), handler]);
  }

  onclose(handler: () => void): void {
    this.#closed.push(handler);
  }

  /** Calls the handlers of `target`, as a message from the server does. */
  tell(target: string, ...args: unknown[]): void {
    if (!this.isUp) return;
    for (const handler of this.#handlers.get(target) ?? []) handler(...args);
  }

  /** The connection is lost. */
  drop(): void {
    this.isUp = false;
    for (const handler of this.#closed) handler();
  }
}
