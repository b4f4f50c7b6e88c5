import type { HubConnection } from '@microsoft/signalr';

/** What is used of the SignalR client's connection. */
export type Hub = Pick<HubConnection, 'start' | 'stop' | 'on' | 'onclose'>;

export type LiveState = 'stopped' | 'connecting' | 'connected' | 'reconnecting';

type Handler = (...args: never[]) => void;

const DELAYS_MS = [0, 1_000, 2_000, 5_000, 10_000, 15_000];

/** How long to wait before the nth attempt in a row; spread, so that not all browsers return at once. */
export function delayBefore(attempt: number, random: () => number = Math.random): number {
  const delay = DELAYS_MS[Math.min(attempt, DELAYS_MS.length - 1)] ?? 0;
  return delay * (0.8 + 0.4 * random());
}

/**
 * A hub connection that is kept up from `start` to `stop`: it never gives up, and waits a bounded
 * time between attempts. The client's own automatic reconnect does not cover the first start.
 */
export class LiveConnection {
  state: LiveState = 'stopped';

  readonly #hub: Hub;
  readonly #handlers = new Map<string, Set<Handler>>();
  readonly #watchers = new Set<() => void>();
  #hasBeenConnected = false;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #stopping: Promise<void> = Promise.resolve();
  /** Counts starts and stops: an attempt that began before one of them has no say any more. */
  #life = 0;

  constructor(hub: Hub) {
    this.#hub = hub;
    hub.onclose(() => this.#lost());
  }

  start(): void {
    if (this.state !== 'stopped') return;
    const life = ++this.#life;
    this.#attempt = 0;
    this.#hasBeenConnected = false;
    this.#enter('connecting');
    void this.#stopping.then(() => this.#connect(life));
  }

  stop(): Promise<void> {
    if (this.state === 'stopped') return this.#stopping;
    this.#life += 1;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#enter('stopped');
    this.#stopping = this.#hub.stop().catch(() => undefined);
    return this.#stopping;
  }

  /** Tries now instead of at the end of the current wait. */
  reconnect(): void {
    if (this.#retry === undefined) return;
    clearTimeout(this.#retry);
    this.#attempt = 0;
    this.#connectLater();
  }

  /** Calls `handler` for each `event` from the hub, across reconnects, until the answer is called. */
  on(event: string, handler: Handler): () => void {
    const handlers = this.#handlersOf(event);
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  /** Calls `watcher` after each change of `state`. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async #connect(life: number): Promise<void> {
    if (life !== this.#life) return;
    try {
      await this.#hub.start();
    } catch {
      if (life === this.#life) this.#connectLater();
      return;
    }
    if (life !== this.#life) return;
    this.#attempt = 0;
    this.#hasBeenConnected = true;
    this.#enter('connected');
  }

  #connectLater(): void {
    const life = this.#life;
    this.#enter(this.#hasBeenConnected ? 'reconnecting' : 'connecting');
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        void this.#connect(life);
      },
      delayBefore(this.#attempt++),
    );
  }

  #lost(): void {
    if (this.state === 'connected') this.#connectLater();
  }

  #enter(state: LiveState): void {
    if (this.state === state) return;
    this.state = state;
    for (const watcher of this.#watchers) watcher();
  }

  #handlersOf(event: string): Set<Handler> {
    const known = this.#handlers.get(event);
    if (known) return known;

    const handlers = new Set<Handler>();
    this.#handlers.set(event, handlers);
    this.#hub.on(event, (...args: never[]) => {
      for (const handler of [...handlers]) handler(...args);
    });
    return handlers;
  }
}
