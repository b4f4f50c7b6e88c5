// Connections that go on after their socket was cut.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { clients } from "./clients.js";
import { inbox } from "./events.js";
import { startProxy } from "./proxy.js";
import { startServer } from "./server.js";

let server;
let proxy;
before(async () => {
  server = await startServer("chat");
  proxy = await startProxy(server.url);
});
after(() => {
  proxy.stop();
  return server.stop();
});

const rounds = [1, 2, 3, 4, 5];
const numbers = Array.from({ length: 20 }, (_, number) => `${number}`);

for (const client of clients) {
  const { HttpTransportType, HubConnectionBuilder, LogLevel } = client;
  const build = (url) => new HubConnectionBuilder()
    .withUrl(url, HttpTransportType.WebSockets)
    .withStatefulReconnect()
    .configureLogging(LogLevel.None)
    .build();

  const room = `room of ${client.version}`;

  test(`client ${client.version}: what is said while a socket is cut is heard once and in order, and the connection stays`, async () => {
    const listener = build(proxy.url);
    const speaker = build(server.url);
    const heard = inbox(listener, "Said");
    await Promise.all([listener.start(), speaker.start()]);
    const id = listener.connectionId;
    await listener.invoke("Join", room);

    for (const round of rounds) {
      for (const number of numbers) {
        // The client gives up if its first attempt to come back is cut too.
        if (number === "7") proxy.cut();
        await speaker.invoke("Say", room, `${round}: ${number}`);
      }
      for (const number of numbers) {
        const [said] = await heard.next();
        assert.equal(said.text, `${round}: ${number}`);
      }
    }

    assert.equal(heard.left.length, 0);
    assert.equal(listener.connectionId, id);
    await Promise.all([listener.stop(), speaker.stop()]);
  });

  test(`client ${client.version}: calls made over a socket that is cut are answered and run once`, async () => {
    const speaker = build(proxy.url);
    const listener = build(server.url);
    const heard = inbox(listener, "Said");
    await Promise.all([listener.start(), speaker.start()]);
    await listener.invoke("Join", room);

    for (const round of rounds) {
      const calls = numbers.map((number) => {
        if (number === "7") proxy.cut();
        return speaker.invoke("Say", room, `${round}: ${number}`);
      });
      await Promise.all(calls);
      for (const number of numbers) {
        assert.equal((await heard.next())[0].text, `${round}: ${number}`);
      }
    }

    assert.equal(heard.left.length, 0);
    await Promise.all([listener.stop(), speaker.stop()]);
  });
}
