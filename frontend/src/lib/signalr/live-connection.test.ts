import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeHub } from '@/testing/fake-hub';
import { delayBefore, LiveConnection } from './live-connection';

const LONGEST_WAIT_MS = 18_000;

describe('a live connection', () => {
  let hub: FakeHub;
  let connection: LiveConnection;

  beforeEach(() => {
    vi.useFakeTimers();
    hub = new FakeHub();
    connection = new LiveConnection(hub);
  });

  const settle = () => vi.advanceTimersByTimeAsync(0);

  it('connects when it is started and stays away when it is stopped', async () => {
    connection.start();
    expect(connection.state).toBe('connecting');
    await settle();
    expect(connection.state).toBe('connected');

    await connection.stop();
    await vi.advanceTimersByTimeAsync(10 * LONGEST_WAIT_MS);
    expect(connection.state).toBe('stopped');
    expect(hub.starts).toBe(1);
  });

  it('never gives up, and waits a bounded time between attempts', async () => {
    hub.isDown = true;
    connection.start();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(hub.starts).toBeGreaterThan(3_600_000 / LONGEST_WAIT_MS);

    hub.isDown = false;
    await vi.advanceTimersByTimeAsync(LONGEST_WAIT_MS);
    expect(connection.state).toBe('connected');
  });

  it('comes back at once after the connection was lost', async () => {
    connection.start();
    await settle();

    hub.drop();
    expect(connection.state).toBe('reconnecting');
    await settle();
    expect(connection.state).toBe('connected');
  });

  it('tries now when it is told to', async () => {
    hub.isDown = true;
    connection.start();
    await vi.advanceTimersByTimeAsync(600_000);
    const before = hub.starts;

    hub.isDown = false;
    connection.reconnect();
    await settle();

    expect(hub.starts).toBe(before + 1);
    expect(connection.state).toBe('connected');
  });

  it('can be started again after it was stopped', async () => {
    connection.start();
    void connection.stop();
    connection.start();
    await settle();

    expect(connection.state).toBe('connected');
    expect(hub.isUp).toBe(true);
  });

  it('makes no further attempt for a start that was stopped meanwhile', async () => {
    hub.isDown = true;
    connection.start();
    await settle();
    await connection.stop();
    const before = hub.starts;

    await vi.advanceTimersByTimeAsync(10 * LONGEST_WAIT_MS);

    expect(hub.starts).toBe(before);
  });

  it('calls subscribers across reconnects until they leave', async () => {
    const told: string[] = [];
    const leave = connection.on('News', (text: string) => told.push(text));
    connection.start();
    await settle();

    hub.tell('News', 'one');
    hub.drop();
    await settle();
    hub.tell('News', 'two');
    leave();
    hub.tell('News', 'three');

    expect(told).toEqual(['one', 'two']);
  });
});

describe('the wait before an attempt', () => {
  it('grows up to a limit and is spread around it', () => {
    const waits = [0, 1, 2, 3, 4, 5, 50].map((attempt) => delayBefore(attempt, () => 0.5));
    expect(waits).toEqual([0, 1_000, 2_000, 5_000, 10_000, 15_000, 15_000]);
    expect(delayBefore(50, () => 0)).toBeCloseTo(12_000);
    expect(delayBefore(50, () => 1)).toBeCloseTo(LONGEST_WAIT_MS);
  });
});
