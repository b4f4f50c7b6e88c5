"""signalrcore: all transports, with both protocols, as far as it can speak them itself."""

import contextlib
import logging
import queue
import threading
import unittest
import urllib.request

from signalrcore.hub_connection_builder import HubConnectionBuilder
from signalrcore.subject import Subject
from signalrcore.types import HttpTransportType, HubProtocolEncoding

from conformance import Server

PATIENCE = 20

SOCKET = (HttpTransportType.web_sockets, HubProtocolEncoding.text)
BINARY_SOCKET = (HttpTransportType.web_sockets, HubProtocolEncoding.binary)
EVENTS = (HttpTransportType.server_sent_events, HubProtocolEncoding.text)
POLLING = (HttpTransportType.long_polling, HubProtocolEncoding.text)


class Signalrcore(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)

    @contextlib.contextmanager
    def connected(self, transport, encoding, path="/testhub", **options):
        options["transport"] = transport
        connection = (
            HubConnectionBuilder()
            .with_url(self.server.url + path, options=options)
            .with_hub_protocol(encoding)
            .configure_logging(logging.CRITICAL, handler=logging.NullHandler())
            .build()
        )
        opened = queue.Queue()
        connection.on_open(lambda: opened.put(None))
        connection.start()
        try:
            opened.get(timeout=PATIENCE)
            yield connection
        finally:
            # It ends no sooner than the next message comes, which may be a ping.
            threading.Thread(target=connection.stop, daemon=True).start()

    def over_each(self, kinds, story):
        for transport, encoding in kinds:
            with self.subTest(transport=transport.value, encoding=encoding.value):
                with self.connected(transport, encoding) as connection:
                    story(transport, connection)

    def call(self, connection, method, *arguments):
        answers = queue.Queue()
        connection.invoke(method, list(arguments), answers.put)
        return answers.get(timeout=PATIENCE)

    def test_a_method_is_called_and_answers(self):
        def story(transport, connection):
            self.assertEqual(self.call(connection, "Echo", "你好").result, "你好")
            used = self.call(connection, "GetActiveTransportName").result
            self.assertEqual(used, transport.value)

        self.over_each([SOCKET, BINARY_SOCKET, EVENTS, POLLING], story)

    def test_a_method_that_fails_says_why(self):
        def story(_, connection):
            errors = queue.Queue()
            connection.on_error(errors.put)
            connection.send("ThrowException", ["Oh."])
            self.assertEqual(
                errors.get(timeout=PATIENCE).error,
                "An unexpected error occurred invoking 'ThrowException' on the server. "
                "InvalidOperationException: Oh.",
            )

        self.over_each([SOCKET, BINARY_SOCKET, EVENTS, POLLING], story)

    def test_a_client_method_is_called(self):
        def story(_, connection):
            told = queue.Queue()
            connection.on("Message", told.put)
            connection.send("InvokeWithString", ["Hi"])
            self.assertEqual(told.get(timeout=PATIENCE), ["Hi"])

        self.over_each([SOCKET, BINARY_SOCKET, EVENTS, POLLING], story)

    def test_a_stream_is_sent_and_calls_go_on(self):
        def story(_, connection):
            subject = Subject()
            connection.send("StreamingConcat", subject)
            for item in ("a", "b"):
                subject.next(item)
            subject.complete()
            self.assertEqual(self.call(connection, "Echo", "still here").result, "still here")

        # What it sends in MessagePack lacks a value.
        self.over_each([SOCKET, EVENTS], story)

    def test_a_token_lets_its_bearer_in(self):
        def token():
            with urllib.request.urlopen(self.server.url + "/generateJwtToken") as response:
                return response.read().decode()

        options = {"access_token_factory": token}
        # It polls without its token.
        for kind in (SOCKET, BINARY_SOCKET, EVENTS):
            with self.connected(*kind, "/authorizedhub", **options) as connection:
                self.assertEqual(self.call(connection, "Echo", "x").result, "x")


if __name__ == "__main__":
    unittest.main()
