import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { within } from './until.js';

/** Listens to the hub with the official client, as the person whose access token it is. */
export async function listen(t, url, accessToken) {
  const connection = new HubConnectionBuilder()
    .withUrl(`${url}/hubs/notifications`, {
      accessTokenFactory: () => accessToken,
      transport: HttpTransportType.WebSockets,
    })
    .configureLogging(LogLevel.None)
    .build();
  const ears = new Ears(connection);
  t.after(() => connection.stop());
  await connection.start();
  return ears;
}

class Ears {
  heard = [];
  #looking = new Set();

  constructor(connection) {
    this.hungUp = new Promise((resolve) => connection.onclose(resolve));
    for (const event of ['ReceiveNotification', 'TenantChanged']) {
      connection.on(event, (...args) => this.#hear({ event, args }));
    }
  }

  /** What was heard or will be heard about a tenant. */
  hearsNotificationOf(tenantId, kind = 'TenantReady') {
    return this.#hears(`a ${kind} of ${tenantId}`, ({ event, args }) => {
      const details = args.at(-1);
      return (
        event === 'ReceiveNotification' && details.tenantId === tenantId && details.kind === kind
      );
    });
  }

  #hear(message) {
    this.heard.push(message);
    for (const look of this.#looking) look();
  }

  #hears(what, isWanted) {
    const arrival = new Promise((resolve) => {
      const look = () => {
        const found = this.heard.find(isWanted);
        if (!found) return;
        this.#looking.delete(look);
        resolve(found);
      };
      this.#looking.add(look);
      look();
    });
    return within(30, what, arrival);
  }
}
