// Connections that go on after their socket was cut.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";
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

function build(url) {
  return new HubConnectionBuilder()
    .withUrl(url, HttpTransportType.WebSockets)
    .withStatefulReconnect()
    .configureLogging(LogLevel.None)
    .build();
}

test("nothing is lost, doubled or out of order over many cuts, and the connection stays", async () => {
  const listener = build(proxy.url);
  const speaker = build(server.url);
  const heard = inbox(listener, "Said");
  await Promise.all([listener.start(), speaker.start()]);
  const id = listener.connectionId;
  await listener.invoke("Join", "room");

  const count = 300;
  const speaking = (async () => {
    for (let number = 0; number < count; number++) {
      if (number % 50 === 25) proxy.cut();
      await speaker.invoke("Say", "room", `${number}`);
    }
  })();
  for (let number = 0; number < count; number++) {
    const [said] = await heard.next();
    assert.equal(said.text, `${number}`);
  }
  await speaking;

  assert.equal(heard.left.length, 0);
  assert.equal(listener.connectionId, id);
  await Promise.all([listener.stop(), speaker.stop()]);
});

test("calls made over a socket that is cut are answered, each once", async () => {
  const speaker = build(proxy.url);
  const listener = build(server.url);
  const heard = inbox(listener, "Said");
  await Promise.all([listener.start(), speaker.start()]);
  await listener.invoke("Join", "other");

  const calls = [];
  for (let number = 0; number < 100; number++) {
    if (number % 20 === 10) proxy.cut();
    calls.push(speaker.invoke("Say", "other", `${number}`));
    if (number % 5 === 0) await new Promise(setImmediate);
  }
  await Promise.all(calls);

  for (let number = 0; number < 100; number++) {
    assert.equal((await heard.next())[0].text, `${number}`);
  }
  assert.equal(heard.left.length, 0);
  await Promise.all([listener.stop(), speaker.stop()]);
});
