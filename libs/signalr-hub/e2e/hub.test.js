// Every protocol over every transport, with every client.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { clients } from "./clients.js";
import { closed, collect, inbox } from "./events.js";
import { startServer } from "./server.js";

const kinds = clients.flatMap((client) => {
  const { JsonHubProtocol, MessagePackHubProtocol } = client;
  return [
    { client, transport: "WebSockets", protocol: new JsonHubProtocol() },
    { client, transport: "WebSockets", protocol: new MessagePackHubProtocol() },
    { client, transport: "ServerSentEvents", protocol: new JsonHubProtocol() },
    { client, transport: "LongPolling", protocol: new JsonHubProtocol() },
    { client, transport: "LongPolling", protocol: new MessagePackHubProtocol() },
  ];
});

let server;
before(async () => { server = await startServer("conformance"); });
after(() => server.stop());

for (const { client, transport, protocol } of kinds) {
  const { HttpTransportType, HubConnectionBuilder, LogLevel, Subject } = client;
  const name = `client ${client.version}: ${protocol.name} over ${transport}`;

  describe(name, { concurrency: 4 }, () => {
    const build = () => new HubConnectionBuilder()
      .withUrl(`${server.url}/testhub`, HttpTransportType[transport])
      .withHubProtocol(protocol)
      .configureLogging(LogLevel.None)
      .build();

    const withConnection = (name, story) => test(name, async () => {
      const connection = build();
      await connection.start();
      const ended = closed(connection);
      await story(connection);
      await connection.stop();
      assert.equal(await ended, undefined);
    });

    withConnection("a method is called and answers", async (connection) => {
      assert.equal(await connection.invoke("Echo", "你好，世界！"), "你好，世界！");
      assert.equal(await connection.invoke("GetActiveTransportName"), transport);
      assert.equal(await connection.invoke("getCallerConnectionId"), connection.connectionId);
    });

    withConnection("a method without result answers null", async (connection) => {
      assert.equal(await connection.invoke("InvokeWithString", "x"), null);
    });

    withConnection("a client method is called, whatever the case of its name", async (connection) => {
      const messages = inbox(connection, "mEsSaGe");
      await connection.send("invokewithstring", "Hi");
      assert.deepEqual(await messages.next(), ["Hi"]);
    });

    withConnection("objects travel both ways", async (connection) => {
      const object = { Name: "test", Value: 42 };
      const objects = inbox(connection, "CustomObject");
      await connection.send("SendCustomObject", object);
      assert.deepEqual(await objects.next(), [object]);
    });

    withConnection("values of all kinds keep their types", async (connection) => {
      const isBinary = protocol.name === "messagepack";
      const complex = {
        ByteArray: isBinary ? new Uint8Array([0x1, 0x2, 0x3]) : "AQID",
        DateTime: isBinary ? new Date(Date.UTC(2002, 3, 1, 10, 20, 15)) : "2002-04-01T10:20:15Z",
        Guid: "00010203-0405-0607-0706-050403020100",
        IntArray: [0x01, 0x02, 0x03, 0xff],
        String: "Hello, World!",
      };
      const sample = {
        ByteArray: complex.ByteArray,
        DateTime: isBinary ? new Date(Date.UTC(2000, 0, 1)) : "2000-01-01T00:00:00Z",
        Guid: complex.Guid,
        IntArray: [1, 2, 3],
        String: "hello world",
      };
      assert.deepEqual(plain(await connection.invoke("EchoComplexObject", complex)), complex);
      assert.deepEqual(plain(await connection.invoke("SendComplexObject")), sample);
    });

    withConnection("a stream comes item by item", async (connection) => {
      assert.deepEqual(await collect(connection.stream("Stream")), ["a", "b", "c"]);
      assert.deepEqual(await collect(connection.stream("EmptyStream")), []);
    });

    withConnection("a stream that is cancelled stops at the server", async (connection) => {
      const cancelled = inbox(connection, "StreamCanceled");
      const subscription = connection.stream("InfiniteStream").subscribe({ next() {}, error() {}, complete() {} });
      subscription.dispose();
      await cancelled.next();
    });

    withConnection("a stream is sent", async (connection) => {
      const subject = new Subject();
      const result = connection.invoke("StreamingConcat", subject);
      for (const item of ["Hello ", "big ", "world"]) subject.next(item);
      subject.complete();
      assert.equal(await result, "Hello big world");
    });

    withConnection("the error of a stream that is sent reaches the method", async (connection) => {
      const subject = new Subject();
      const result = connection.invoke("StreamingConcat", subject);
      subject.next("x");
      subject.error(new Error("Something bad"));
      await assert.rejects(result, {
        message: "An unexpected error occurred invoking 'StreamingConcat' on the server. HubException: Something bad",
      });
    });

    withConnection("errors of methods have the words of ASP.NET Core", async (connection) => {
      const error = (method) => `An unexpected error occurred invoking '${method}' on the server. InvalidOperationException: An error occurred.`;
      await assert.rejects(connection.invoke("ThrowException", "An error occurred."), { message: error("ThrowException") });
      await assert.rejects(collect(connection.stream("StreamThrowException", "An error occurred.")), { message: error("StreamThrowException") });
    });

    withConnection("streams are not invoked and methods not streamed", async (connection) => {
      await assert.rejects(connection.invoke("EmptyStream"), {
        message: "The client attempted to invoke the streaming 'EmptyStream' method with a non-streaming invocation.",
      });
      await assert.rejects(collect(connection.stream("Echo", "x")), {
        message: "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.",
      });
    });

    withConnection("the server asks a client", async (connection) => {
      const ask = async () => (await fetch(`${server.url}/clientresult/${connection.connectionId}`)).text();
      assert.equal(await ask(), "Client didn't provide a result.");
      connection.on("Result", () => 10);
      assert.equal(await ask(), "10");
      connection.off("Result");
      connection.on("Result", () => { throw new Error("from callback"); });
      assert.equal(await ask(), "Error: from callback");
    });

    test("a connection is started again after it was stopped", async () => {
      const connection = build();
      const ids = new Set();
      for (const round of [1, 2, 3]) {
        await connection.start();
        ids.add(connection.connectionId);
        assert.equal(await connection.invoke("Echo", `${round}`), `${round}`);
        await connection.stop();
      }
      assert.equal(ids.size, 3);
    });

    test("many calls at once are all answered, in order", async () => {
      const connection = build();
      await connection.start();
      const numbers = Array.from({ length: 500 }, (_, number) => `${number}`);
      const answers = await Promise.all(numbers.map((number) => connection.invoke("Echo", number)));
      assert.deepEqual(answers, numbers);
      await connection.stop();
    });

    test("a large message passes down in one piece", async () => {
      const connection = build();
      await connection.start();
      const text = "é".repeat(10_000);
      assert.equal(await connection.invoke("Echo", text), text);
      await connection.stop();
    });
  });
}

/** Arrays and dates as such, whatever the decoder made of them. */
function plain(object) {
  return {
    ...object,
    ByteArray: typeof object.ByteArray === "string" ? object.ByteArray : new Uint8Array(object.ByteArray),
  };
}
