"""pysignalr: WebSockets, with both protocols."""

import asyncio
import contextlib
import unittest
import urllib.request

from pysignalr.client import SignalRClient
from pysignalr.protocol.json import JSONProtocol
from pysignalr.protocol.messagepack import MessagepackProtocol

from conformance import Server

PATIENCE = 20


async def ignore(_):
    pass


class Pysignalr(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)

    @contextlib.asynccontextmanager
    async def connected(self, protocol, path="/testhub", **options):
        client = SignalRClient(self.server.url + path, protocol=protocol, **options)
        opened = asyncio.Event()

        async def on_open():
            opened.set()

        client.on_open(on_open)
        running = asyncio.create_task(client.run())
        try:
            async with asyncio.timeout(PATIENCE):
                await opened.wait()
                yield client
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    async def call(self, client, method, *arguments):
        answered = asyncio.get_running_loop().create_future()

        async def on_answer(message):
            answered.set_result(message)

        await client.send(method, list(arguments), on_answer)
        return await answered

    async def test_a_method_is_called_and_answers(self):
        for protocol in (JSONProtocol(), MessagepackProtocol()):
            async with self.connected(protocol) as client:
                answer = await self.call(client, "Echo", "你好")
                self.assertEqual((answer.result, answer.error), ("你好", None))

    async def test_a_method_that_fails_says_why(self):
        for protocol in (JSONProtocol(), MessagepackProtocol()):
            async with self.connected(protocol) as client:
                failed = asyncio.get_running_loop().create_future()

                async def on_error(message):
                    failed.set_result(message.error)

                client.on_error(on_error)
                await client.send("ThrowException", ["Oh."], ignore)
                self.assertEqual(
                    await failed,
                    "An unexpected error occurred invoking 'ThrowException' on the server. "
                    "InvalidOperationException: Oh.",
                )

    async def test_a_client_method_is_called(self):
        for protocol in (JSONProtocol(), MessagepackProtocol()):
            async with self.connected(protocol) as client:
                told = asyncio.get_running_loop().create_future()

                async def on_message(arguments):
                    told.set_result(arguments)

                client.on("Message", on_message)
                await client.send("InvokeWithString", ["Hi"])
                self.assertEqual(await told, ["Hi"])

    async def test_a_stream_comes_item_by_item(self):
        for protocol in (JSONProtocol(), MessagepackProtocol()):
            async with self.connected(protocol) as client:
                items = []
                ended = asyncio.get_running_loop().create_future()

                async def on_next(item):
                    items.append(item)

                async def on_complete(message):
                    ended.set_result(message)

                await client.stream("Stream", [], on_next=on_next, on_complete=on_complete)
                await ended
                self.assertEqual(items, ["a", "b", "c"])

    async def test_a_stream_is_sent_and_calls_go_on(self):
        async with self.connected(JSONProtocol()) as client:
            async with client.client_stream("StreamingConcat") as stream:
                await stream.send("a")
                await stream.send("b")
            answer = await self.call(client, "Echo", "still here")
            self.assertEqual(answer.result, "still here")

    async def test_a_token_lets_its_bearer_in(self):
        with urllib.request.urlopen(self.server.url + "/generateJwtToken") as response:
            headers = {"Authorization": "Bearer " + response.read().decode()}
        async with self.connected(JSONProtocol(), "/authorizedhub", headers=headers) as client:
            answer = await self.call(client, "Echo", "x")
            self.assertEqual(answer.result, "x")


if __name__ == "__main__":
    unittest.main()
