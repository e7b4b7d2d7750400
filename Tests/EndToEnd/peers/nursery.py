"""A process from which mock AWS servers are forked.

moto takes more than a CPU second to load. Where several processes run tests, it is loaded once: the process that
collected the tests forks the nursery first, and the others ask it for servers through a Unix socket.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import traceback
from typing import Any, NoReturn

from .child import Child

#: `prctl(PR_SET_PDEATHSIG, …)`: the signal that a process gets when its parent ends.
_PR_SET_PDEATHSIG = 1
#: Services that are loaded before the first server is asked for, with a request that reads nothing.
_SERVICES = {"ssm": "AmazonSSM.DescribeParameters", "secretsmanager": "secretsmanager.ListSecrets"}
#: Bytes of a request for a server, and of its answer.
_LONGEST = 1024

#: The name of the nursery's socket (without a file); None if this process and its parents opened no nursery.
_address: str | None = None


def end_with_parent(number: int) -> None:
    """Makes the system send this process a signal when its parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


class Nursery:
    """The nursery of this process and of the forks it makes later."""

    def __init__(self) -> None:
        global _address
        listener = socket.socket(socket.AF_UNIX)
        _address = f"\0latchkey-nursery-{os.getpid()}"
        listener.bind(_address)
        listener.listen(128)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                tend(listener)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        listener.close()

    def close(self) -> None:
        """Ends the nursery and with it its servers."""
        global _address
        _address = None
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def is_open() -> bool:
    return _address is not None


def tend(listener: socket.socket) -> NoReturn:
    """Forks a server for each connection: the request has its port and environment, and its two outputs."""
    os.setsid()
    end_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, reap)
    from .moto import moto_environment

    own = moto_environment()
    os.environ.clear()
    os.environ.update(own)
    # moto reads its settings when it is loaded.
    from . import moto_app

    for service, target in _SERVICES.items():
        moto_app.load(service, target)
    while True:
        connection, _ = listener.accept()
        with connection:
            data, outputs, _, _ = socket.recv_fds(connection, _LONGEST, 2)
            if len(outputs) != 2:
                continue
            pid = os.fork()
            if pid == 0:
                listener.close()
                connection.close()
                serve(json.loads(data), outputs)
            for output in outputs:
                os.close(output)
            connection.sendall(str(pid).encode())


def reap(*_: object) -> None:
    """Waits for the servers that have ended, so that their CPU time counts."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def serve(request: dict[str, Any], outputs: list[int]) -> NoReturn:
    from moto.moto_api._internal import mock_random

    from . import moto_app

    try:
        end_with_parent(signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for output, number in zip(outputs, (1, 2)):
            os.dup2(output, number)
            os.close(output)
        # Otherwise all servers would make the same identifiers.
        mock_random.seed()
        moto_app.serve(request["port"])
    finally:
        os._exit(1)


class ForkedMoto(Child):
    """A moto server of the nursery. It is no child of this process, so its exit status is not known."""

    def __init__(self, port: int) -> None:
        read, write = zip(os.pipe(), os.pipe())
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(_address)
            socket.send_fds(connection, [json.dumps({"port": port}).encode()], list(write))
            for end in write:
                os.close(end)
            pid = int(connection.recv(_LONGEST))
        self.record(ForkedProcess(pid, *read), ["moto_app", str(port)])


class ForkedProcess:
    """What `Child` needs of `subprocess.Popen`, for a process that is no child of this one."""

    def __init__(self, pid: int, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.stdout, self.stderr = open(stdout, "rb", buffering=0), open(stderr, "rb", buffering=0)
        self.returncode: int | None = None
        self._descriptor = os.pidfd_open(pid)

    def poll(self) -> int | None:
        return self._poll(0)

    def wait(self, timeout: float) -> int:
        if self._poll(timeout) is None:
            raise subprocess.TimeoutExpired("moto_app", timeout)
        return 0

    def _poll(self, timeout: float) -> int | None:
        if self.returncode is None and select.select([self._descriptor], [], [], timeout)[0]:
            self.returncode = 0
        return self.returncode

    def send_signal(self, number: int) -> None:
        signal.pidfd_send_signal(self._descriptor, number)
