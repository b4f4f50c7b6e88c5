// Microsoft's client, in all versions that are maintained.
import * as signalr10 from "@microsoft/signalr";
import * as messagePack10 from "@microsoft/signalr-protocol-msgpack";
import * as signalr8 from "signalr-8";
import * as signalr9 from "signalr-9";
import * as messagePack8 from "signalr-protocol-msgpack-8";
import * as messagePack9 from "signalr-protocol-msgpack-9";

export const clients = [
  { version: 8, folder: "signalr-8", ...signalr8, ...messagePack8 },
  { version: 9, folder: "signalr-9", ...signalr9, ...messagePack9 },
  { version: 10, folder: "@microsoft/signalr", ...signalr10, ...messagePack10 },
];

/** Connections without a hub, which no version exports. */
export async function rawConnection(client) {
  const file = `./node_modules/${client.folder}/dist/cjs/HttpConnection.js`;
  return (await import(file)).HttpConnection;
}
