"""Callers that send requests at a steady rate, and count failures."""

from __future__ import annotations

import asyncio
import collections
import ssl
import threading
from pathlib import Path

from .broker import API_KEY


class SteadyCallers:
    """Requests `path` about `rate` times per second in its own thread until `stop`, at a port or a Unix socket.

    Connections are kept alive, or with `short` used for one request each. With a context they use TLS.

    A kept connection that this process has left idle for `GRACE` may be closed by a server that stops, while the next request
    is on its way. As every HTTP client does (RFC 9110 §9.2.2), it sends that request again on a new connection.
    """

    #: Seconds for which a broker that stops keeps an idle connection (`ServerLimits.drainIdleGrace`). A caller leaves one
    #: idle for so long only if its machine is overloaded.
    GRACE = 1.0

    def __init__(
        self, place: int | Path, path: str, rate: int, connections: int = 50, short: bool = False,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.place = place
        self.context = context
        self.request = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {API_KEY}\r\n"
            + ("Connection: close\r\n" if short else "")
            + "Accept: text/plain\r\n\r\n"
        ).encode()
        self.pause = connections / rate
        self.connections = connections
        #: The number of each failure: status or error.
        self.failures: collections.Counter[str] = collections.Counter()
        self.served = 0
        #: Requests that were sent again.
        self.repeated = 0
        #: Set when the server is told to stop: a connection that cannot be opened is then no failure.
        self.server_stops = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()

    async def _run(self) -> None:
        await asyncio.gather(*(self._keep_asking(number) for number in range(self.connections)))

    async def _keep_asking(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self.pause * number / self.connections
        reader = writer = None
        # When the previous request was sent on this connection: the server has answered it later, and may be idle since then.
        sent, idle = loop.time(), 0.0
        while not self._stopping.is_set():
            # After a delay the schedule starts again from now, without a burst.
            due = max(due + self.pause, loop.time())
            await asyncio.sleep(due - loop.time())
            try:
                if writer is None:
                    try:
                        reader, writer = await self._connect()
                    except OSError:
                        if not self.server_stops.is_set():
                            raise
                        continue
                    sent = loop.time()
                idle, sent = loop.time() - sent, loop.time()
                writer.write(self.request)
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
                lower = head.lower()
                await reader.readexactly(int(lower.split(b"content-length: ")[1].split(b"\r\n")[0]))
                status = head.split(b" ", 2)[1].decode()
                if status == "200":
                    self.served += 1
                else:
                    self.failures[f"status {status}"] += 1
                if b"connection: close" in lower:
                    writer.close()
                    writer = None
            except (OSError, EOFError, IndexError, TimeoutError) as fault:
                if writer is not None and idle >= self.GRACE and isinstance(fault, (EOFError, ConnectionError)):
                    self.repeated += 1
                    due = loop.time() - self.pause
                else:
                    self.failures[f"{repr(fault)[:80]}, idle {idle:.2f} s"] += 1
                if writer is not None:
                    writer.close()
                writer = None
        if writer is not None:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.place, Path):
            return await asyncio.open_unix_connection(self.place)
        name = "localhost" if self.context else None
        return await asyncio.open_connection("127.0.0.1", self.place, ssl=self.context, server_hostname=name)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(90)
