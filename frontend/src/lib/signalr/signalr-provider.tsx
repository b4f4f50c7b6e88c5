import { type ReactNode, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { connectHub } from './connect-hub';
import { type Hub, LiveConnection } from './live-connection';
import { SignalRContext } from './signalr-context';

interface Props {
  children: ReactNode;
  connect?: () => Hub;
}

/** Keeps one hub connection up for as long as it is mounted. */
export function SignalRProvider({ children, connect = connectHub }: Props) {
  const [connection] = useState(() => new LiveConnection(connect()));
  const state = useSyncExternalStore(
    (watcher) => connection.watch(watcher),
    () => connection.state,
  );

  useEffect(() => {
    connection.start();
    return () => void connection.stop();
  }, [connection]);

  useEffect(() => hurryWhenAwake(connection), [connection]);

  const signalR = useMemo(
    () => ({
      state,
      start: () => connection.start(),
      stop: () => connection.stop(),
      reconnect: () => connection.reconnect(),
      on: connection.on.bind(connection) as never,
    }),
    [connection, state],
  );

  return <SignalRContext value={signalR}>{children}</SignalRContext>;
}

function hurryWhenAwake(connection: LiveConnection): () => void {
  const onVisible = () => document.visibilityState === 'visible' && connection.reconnect();
  const onOnline = () => connection.reconnect();
  document.addEventListener('visibilitychange', onVisible);
  window.addEventListener('online', onOnline);
  return () => {
    document.removeEventListener('visibilitychange', onVisible);
    window.removeEventListener('online', onOnline);
  };
}
