"""A stand-in for the Extensions API of AWS Lambda (Lambda Developer Guide), and the unpacked layer."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .child import Child
from .waiting import until

ROOT = "/2020-01-01/extension"


class ExtensionsAPI:
    """Registers one extension, sends the events of the test, and records the calls of the extension."""

    def __init__(self) -> None:
        self.identifier = str(uuid.uuid4())
        self.registered: list[tuple[str, Any]] = []
        self.errors: list[tuple[str, str, Any]] = []
        #: Number of calls of Event/next, which end INIT and each event.
        self.asked = 0
        self._events: queue.Queue[tuple[bytes, str]] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def invoke(self) -> None:
        event = {
            "eventType": "INVOKE", "deadlineMs": int(time.time() * 1000) + 3000, "requestId": str(uuid.uuid4()),
            "invokedFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f",
            "tracing": {"type": "X-Amzn-Trace-Id", "value": "Root=1-5f35ae12-0c0fec141ab77a00bc047aa2"},
        }
        self._events.put((json.dumps(event).encode(), "application/json"))

    def shut_down(self, milliseconds: int, reason: str = "spindown", kind: str = "application/json") -> float:
        """Sends the SHUTDOWN event. Returns the deadline, in wall clock time."""
        deadline = int(time.time() * 1000) + milliseconds
        event = {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline}
        self._events.put((json.dumps(event).encode(), kind))
        return deadline / 1000

    def wait_asked(self, times: int, within: float = 30.0) -> None:
        until(lambda: self.asked >= times, f"the next event was asked for {times} times", within)

    def stop(self) -> None:
        self._events.put((b"", ""))
        self._server.shutdown()
        self._server.server_close()

    def _handler(api):  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            #: One send an answer: a second one waits for the first's acknowledgement (RFC 896), 40 ms each time.
            wbufsize = 65536

            def log_message(self, *_: object) -> None:
                pass

            def answer(self, status: int, body: bytes, kind: str = "application/json", **fields: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                for name, value in fields.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def known(self) -> bool:
                return self.headers.get("Lambda-Extension-Identifier") == api.identifier

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
                if self.path == f"{ROOT}/register":
                    api.registered.append((self.headers["Lambda-Extension-Name"], body))
                    about = {"functionName": "f", "functionVersion": "$LATEST", "handler": "app.handler"}
                    self.answer(200, json.dumps(about).encode(), Lambda_Extension_Identifier=api.identifier)
                elif self.path in (f"{ROOT}/init/error", f"{ROOT}/exit/error") and self.known():
                    kind = self.headers["Lambda-Extension-Function-Error-Type"]
                    api.errors.append((self.path.removeprefix(f"{ROOT}/"), kind, body))
                    self.answer(202, b'{"status":"OK"}')
                else:
                    self.answer(403, b'{"errorMessage":"","errorType":"Extension.UnknownExtensionIdentifier"}')

            def do_GET(self) -> None:
                if self.path != f"{ROOT}/event/next" or not self.known():
                    return self.answer(403, b"{}")
                api.asked += 1
                body, kind = api._events.get()
                if body:
                    self.answer(200, body, kind, Lambda_Extension_Event_Identifier=str(uuid.uuid4()))

        return Handler


def unpack(layer: Path, into: Path) -> Path:
    """The layer as Lambda unpacks it, with file modes; the extension's program."""
    script = "import sys, zipfile, os\n" \
        "with zipfile.ZipFile(sys.argv[1]) as layer:\n" \
        "    for entry in layer.infolist():\n" \
        "        os.chmod(layer.extract(entry, sys.argv[2]), entry.external_attr >> 16)\n"
    subprocess.run(["python3", "-c", script, str(layer), str(into)], check=True)
    return into / "extensions" / "latchkey"


def start(program: Path, env: dict[str, str]) -> Child:
    return Child([program], env)
