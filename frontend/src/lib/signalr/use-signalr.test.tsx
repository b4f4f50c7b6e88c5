import { act, render, renderHook, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { FakeHub } from '@/testing/fake-hub';
import { SignalRProvider } from './signalr-provider';
import { useOnConnected, useSignalR, useSignalREvent } from './use-signalr';

function around(hub: FakeHub) {
  return ({ children }: { children: ReactNode }) => (
    <SignalRProvider connect={() => hub}>{children}</SignalRProvider>
  );
}

function Listener({ name, told }: { name: string; told: (...args: string[]) => void }) {
  useSignalREvent('News', (text: string) => told(name, text));
  return <p>{name}</p>;
}

describe('useSignalR', () => {
  it('starts with its provider and stops with it', async () => {
    const hub = new FakeHub();
    const { result, unmount } = renderHook(useSignalR, { wrapper: around(hub) });
    await waitFor(() => expect(result.current.state).toBe('connected'));

    unmount();

    expect(hub.stops).toBe(1);
    expect(hub.isUp).toBe(false);
  });

  it('stops and starts when it is told to', async () => {
    const hub = new FakeHub();
    const { result } = renderHook(useSignalR, { wrapper: around(hub) });
    await waitFor(() => expect(result.current.state).toBe('connected'));

    await act(() => result.current.stop());
    expect(result.current.state).toBe('stopped');

    act(() => result.current.start());
    await waitFor(() => expect(result.current.state).toBe('connected'));
  });

  it('hands each event to the newest handler, until the component is gone', async () => {
    const hub = new FakeHub();
    const told = vi.fn();
    const { rerender } = render(<Listener name="first" told={told} />, { wrapper: around(hub) });
    await waitFor(() => expect(hub.isUp).toBe(true));

    act(() => hub.tell('News', 'a'));
    rerender(<Listener name="second" told={told} />);
    act(() => hub.tell('News', 'b'));
    rerender(<p>nobody</p>);
    act(() => hub.tell('News', 'c'));

    expect(screen.getByText('nobody')).toBeVisible();
    expect(told.mock.calls).toEqual([
      ['first', 'a'],
      ['second', 'b'],
    ]);
  });

  it('lets a page catch up each time the connection is up again', async () => {
    const hub = new FakeHub();
    const catchUp = vi.fn();
    renderHook(() => useOnConnected(catchUp), { wrapper: around(hub) });
    await waitFor(() => expect(catchUp).toHaveBeenCalledTimes(1));

    act(() => hub.drop());

    await waitFor(() => expect(catchUp).toHaveBeenCalledTimes(2));
  });

  it('tries at once when the browser is online again', async () => {
    const hub = new FakeHub();
    hub.isDown = true;
    const { result } = renderHook(useSignalR, { wrapper: around(hub) });
    await waitFor(() => expect(hub.starts).toBeGreaterThan(1));

    hub.isDown = false;
    act(() => void window.dispatchEvent(new Event('online')));

    await waitFor(() => expect(result.current.state).toBe('connected'));
  });

  it('says what is missing without a provider', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(() => renderHook(useSignalR)).toThrow(/SignalRProvider/);
  });
});
