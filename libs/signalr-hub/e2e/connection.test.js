// Negotiation, tokens, headers, cookies, reconnecting.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { clients, rawConnection } from "./clients.js";
import { closed } from "./events.js";
import { startProxy } from "./proxy.js";
import { startServer } from "./server.js";

const transports = ["WebSockets", "ServerSentEvents", "LongPolling"];

let server;
before(async () => { server = await startServer("conformance"); });
after(() => server.stop());

for (const client of clients) {
  const { HttpTransportType, HubConnectionBuilder, LogLevel, TransferFormat } = client;
  const builder = (path, options) => new HubConnectionBuilder()
    .withUrl(new URL(path, server.url).href, options)
    .configureLogging(LogLevel.None);

  describe(`client ${client.version}: tokens`, () => {
    for (const name of transports) {
      const transport = HttpTransportType[name];

      test(`a token lets its bearer in over ${name}`, async () => {
        const accessTokenFactory = async () => (await fetch(`${server.url}/generateJwtToken`)).text();
        const connection = builder("/authorizedhub", { transport, accessTokenFactory }).build();
        await connection.start();
        assert.equal(await connection.invoke("Echo", "x"), "x");
        await connection.stop();
      });
    }

    test("without token the client is told that it is unauthorized", async () => {
      await assert.rejects(builder("/authorizedhub").build().start(), {
        message: "Failed to complete negotiation with the server: Error: Unauthorized: Status code '401'",
      });
    });
  });

  describe(`client ${client.version}: requests`, () => {
    for (const name of transports) {
      const transport = HttpTransportType[name];

      test(`headers and cookies reach the hub over ${name}`, async () => {
        const headers = { "X-HEADER": "VALUE" };
        const connection = builder("/testhub", { transport, headers }).build();
        await connection.start();
        assert.equal(await connection.invoke("GetHeader", "x-header"), "VALUE");
        assert.match(await connection.invoke("GetHeader", "User-Agent"), new RegExp(`^Microsoft SignalR/${client.version}\\.0 `));
        assert.equal(await connection.invoke("GetHeader", "Missing"), null);
        assert.equal(await connection.invoke("GetCookie", "testCookie"), "testValue");
        assert.equal(await connection.invoke("GetCookie", "expiredCookie"), null);
        await connection.stop();
      });
    }
  });

  describe(`client ${client.version}: negotiation`, () => {
    test("a redirect is followed, again at each reconnect", async () => {
      const base = encodeURIComponent(server.url);
      const connection = builder(`/redirect?numRedirects=0&baseUrl=${base}`, {})
        .withAutomaticReconnect([0])
        .build();
      await connection.start();
      const before = await connection.invoke("GetNumRedirects");
      const reconnected = new Promise((resolve) => connection.onreconnected(resolve));
      connection.serverTimeoutInMilliseconds = 50;
      await connection.invoke("Echo", "x");
      await reconnected;
      connection.serverTimeoutInMilliseconds = 30_000;
      assert.ok((await connection.invoke("GetNumRedirects")) > before);
      await connection.stop();
    });

    test("it can be skipped", async () => {
      const connection = builder("/testhub", { skipNegotiation: true, transport: HttpTransportType.WebSockets }).build();
      await connection.start();
      assert.equal(await connection.invoke("Echo", "x"), "x");
      await connection.stop();
    });

    test("a hub without WebSockets is reached over the next transport", async () => {
      const connection = builder("/testhub-nowebsockets").build();
      await connection.start();
      assert.equal(await connection.invoke("GetActiveTransportName"), "ServerSentEvents");
      await connection.stop();
    });

    test("a refusal reaches the user in the server's words", async () => {
      await assert.rejects(builder("/bad-negotiate").build().start(), {
        message: "Failed to complete negotiation with the server: Error: Some response from server: Status code '400'",
      });
    });
  });

  describe(`client ${client.version}: the end`, () => {
    test("a client that lost its socket reconnects with another id", async () => {
      const proxy = await startProxy(`${server.url}/testhub`);
      const connection = new HubConnectionBuilder()
        .withUrl(proxy.url, HttpTransportType.WebSockets)
        .withAutomaticReconnect([0, 100, 500])
        .configureLogging(LogLevel.None)
        .build();
      await connection.start();
      const first = connection.connectionId;
      const reconnected = new Promise((resolve) => connection.onreconnected(resolve));
      proxy.cut();
      const second = await reconnected;
      assert.notEqual(second, first);
      assert.equal(await connection.invoke("GetCallerConnectionId"), second);
      await connection.stop();
      proxy.stop();
    });

    test("a hub that refuses a connection says why", async () => {
      const connection = builder("/uncreatable").build();
      const ended = closed(connection);
      // The refusal may overtake the end of `start`.
      const failed = new Promise((resolve) => { connection.start().catch(resolve); });
      const error = await Promise.race([ended, failed]);
      assert.equal(
        error.message,
        "Server returned an error on close: Connection closed with an error. InvalidOperationException: Unable to resolve service for type 'System.Object' while attempting to activate 'FunctionalTests.UncreatableHub'.",
      );
    });
  });

  describe(`client ${client.version}: raw connections`, () => {
    for (const name of transports) {
      test(`what is sent comes back over ${name}`, async () => {
        const HttpConnection = await rawConnection(client);
        const connection = new HttpConnection(`${server.url}/echo`, { transport: HttpTransportType[name], logger: LogLevel.None });
        const received = new Promise((resolve) => { connection.onreceive = resolve; });
        const ended = new Promise((resolve) => { connection.onclose = resolve; });
        await connection.start(TransferFormat.Text);
        await connection.send("Hello, World!");
        assert.equal(await received, "Hello, World!");
        await connection.stop();
        assert.equal(await ended, undefined);
      });
    }
  });
}

test("deleting a connection ends its outstanding poll", async () => {
  const offer = await (await fetch(`${server.url}/echo/negotiate?negotiateVersion=1`, { method: "POST" })).json();
  const url = `${server.url}/echo?id=${offer.connectionToken}`;
  assert.equal((await fetch(url)).status, 200);
  // The later poll ends the earlier one: once one has ended, the other is outstanding.
  const polls = [fetch(url), fetch(url)];
  assert.equal((await Promise.race(polls)).status, 204);
  assert.equal((await fetch(url, { method: "DELETE" })).status, 202);
  for (const poll of await Promise.all(polls)) assert.equal(poll.status, 204);
  assert.equal((await fetch(url, { method: "DELETE" })).status, 404);
});

test("claims are refreshed while the connection lasts", async () => {
  const { DefaultHttpClient, HttpTransportType, HubConnectionBuilder, LogLevel, NullLogger } = clients.at(-1);
  const token = async (query) => (await fetch(`${server.url}/generateJwtToken${query}`)).text();
  const httpClient = new DefaultHttpClient(NullLogger.instance);
  const negotiated = listenToNegotiation(httpClient);
  const connection = new HubConnectionBuilder()
    .withUrl(`${server.url}/authorizedhub`, {
      transport: HttpTransportType.WebSockets,
      accessTokenFactory: () => token("?level=guest"),
      httpClient,
    })
    .configureLogging(LogLevel.None)
    .build();
  await connection.start();
  assert.equal(await connection.invoke("GetUserClaim", "level"), "guest");

  const { connectionToken, tokenLifetimeSeconds } = await negotiated;
  const refreshed = await fetch(`${server.url}/authorizedhub/refresh?id=${connectionToken}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${await token("?level=member")}` },
  });

  assert.ok(tokenLifetimeSeconds <= 5);
  assert.ok((await refreshed.json()).tokenLifetimeSeconds <= 5);
  assert.equal(await connection.invoke("GetUserNameIdentifier"), "testuser");
  assert.equal(await connection.invoke("GetUserClaim", "level"), "member");
  await connection.stop();
});

/** The server's offer, which the client keeps to itself. */
function listenToNegotiation(httpClient) {
  const send = httpClient.send.bind(httpClient);
  return new Promise((resolve) => {
    httpClient.send = async (request) => {
      const response = await send(request);
      if (request.url.includes("/negotiate")) resolve(JSON.parse(response.content));
      return response;
    };
  });
}
