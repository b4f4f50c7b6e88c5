import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { freshAccessToken } from '@/lib/session';
import type { Hub } from './live-connection';

/** The hub of notifications, not started yet, for whoever is signed in. */
export function connectHub(): Hub {
  return new HubConnectionBuilder()
    .withUrl('/hubs/notifications', {
      accessTokenFactory: async () => (await freshAccessToken()) ?? '',
    })
    .configureLogging(LogLevel.None)
    .build();
}
