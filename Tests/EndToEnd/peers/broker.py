"""Starts the real binary as an operator does."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import markers
from .child import Child
from .http import Answer, ask
from .waiting import free_port, until

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("LATCHKEY_BINARY", ROOT / ".build/release/latchkey"))

#: The API key of the tests: longer than the 32 bytes that listening beyond loopback requires.
API_KEY = "test-key-4f9c1b7de2a84c63b05f1e9d"
#: The prefix of the tests.
PREFIX = "/orders/test"
#: Credentials that moto and the fault proxy accept. The secret key must not appear in any output.
AWS_ACCESS_KEY_ID = "AKIAENDTOENDEXAMPLE"
AWS_SECRET_ACCESS_KEY = "aws-secret-8c2b6f0e91d74a35"


def settings(home: Path, **extra: str) -> dict[str, str]:
    """The environment of one broker. Only variables that every process needs are inherited."""
    base = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LATCHKEY_API_KEY": API_KEY,
        "LATCHKEY_PREFIX": PREFIX,
        "LATCHKEY_UPSTREAM_TIMEOUT": "2",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": AWS_ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": AWS_SECRET_ACCESS_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return {name: value for name, value in {**base, **extra}.items() if value is not None}


class Broker:
    """A running `latchkey serve`. `stop` checks that the exit code is 0 and that the output contains no secret."""

    def __init__(
        self, env: Mapping[str, str], secrets: Sequence[str] = (), wrapper: Sequence[str] = (),
        context: ssl.SSLContext | None = None, program: str | Path = BINARY,
    ) -> None:
        named = re.search(r"127\.0\.0\.1:(\d+)", env.get("LATCHKEY_LISTEN", ""))
        self.port = int(named[1]) if named else free_port()
        #: How to reach a broker that serves TLS; None for plain HTTP.
        self.context = context
        self.env = dict(env)
        self.env.setdefault("LATCHKEY_LISTEN", f"127.0.0.1:{self.port}")
        self.secrets = [API_KEY, AWS_SECRET_ACCESS_KEY, *secrets]
        self.child = Child([*wrapper, program, "serve"], self.env)
        self.stopped = False

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self.context else f"http://127.0.0.1:{self.port}"

    def wait_live(self) -> Broker:
        self.child.ready(self._live, "/livez answers")
        return self

    def wait_ready(self) -> Broker:
        self.child.ready(lambda: self.get("/readyz", key=None).status == 200, "/readyz answers 200")
        return self

    def _live(self) -> bool:
        # Unix sockets get their path after the TCP ports are open.
        names = self.env["LATCHKEY_LISTEN"].split(",")
        if not all(os.path.exists(name.removeprefix("unix:")) for name in names if name.startswith("unix:")):
            return False
        try:
            return ask(self.port, "/livez", timeout=5, context=self.context).status == 200
        except OSError:
            return False

    def get(self, path: str, key: str | None = API_KEY, **options: Any) -> Answer:
        headers = dict(options.pop("headers", None) or {})
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {key}")
        answer = ask(self.port, path, headers=headers, context=self.context, **options)
        if answer.status == 200 and path.startswith("/token"):
            is_json = answer.header("Content-Type") == "application/json"
            markers.mark(answer.json()["access_token"] if is_json and answer.body else answer.text)
        return answer

    def token(self, query: str = "") -> Answer:
        return self.get(f"/token{query}")

    def metric(self, name: str, /, **labels: str) -> float:
        """The sum of a family's samples with these labels; 0 without a sample."""
        from prometheus_client.parser import text_string_to_metric_families

        families = text_string_to_metric_families(self.get("/metrics").text)
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    @property
    def logs(self) -> list[dict[str, Any]]:
        """Every complete log line so far."""
        lines = self.child.stderr.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def remember_secret(self, value: str) -> None:
        """Adds a value that must not appear in the output."""
        self.secrets.append(value)

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.stopped:
            return
        self.stopped = True
        metrics = self._metrics_page()
        status = self.child.stop(number)
        self.require_clean_output(metrics)
        assert status == 0, f"latchkey left with {status}: {self.child.stderr[-4000:]}"

    def require_clean_output(self, metrics: str = "") -> None:
        """No secret is in the output, in the files of the audit log, or in the metrics. Every log line names its event."""
        log = Path(self.env.get("LATCHKEY_AUDIT_LOG", "stderr"))
        files = [path for path in log.parent.glob(f"{log.stem}*") if path.is_file()] if log.is_absolute() else []
        written = {
            "the output": self.child.stdout + self.child.stderr, "the metrics": metrics,
            **{str(path): path.read_text(errors="replace") for path in files},
        }
        leaked = {where: found for where, text in written.items() if (found := markers.found_in(text, self.secrets))}
        assert not leaked, f"secrets: {leaked}"
        nameless = [line for line in self.logs if "level" in line and not re.fullmatch(r"[a-z_]+", line.get("event", ""))]
        assert not nameless, f"log lines without an event: {nameless}"

    def _metrics_page(self) -> str:
        """The metrics before the end; nothing if the broker does not answer. With an audit log they would be a line of it."""
        if "LATCHKEY_AUDIT_LOG" in self.env or self.env.get("LATCHKEY_API_KEY") != API_KEY or not self.child.running:
            return ""
        try:
            return self.get("/metrics", timeout=2).text
        except (OSError, http.client.HTTPException):
            return ""

    def kill(self) -> None:
        self.stopped = True
        self.child.kill()

    def memory_kib(self) -> int:
        """Memory of its own now, in KiB: without the pages of the executable and of libraries.

        Those come and go as the kernel likes, and other processes share them.
        """
        return status_field(self.child.pid, "RssAnon")

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))

    def cpu_seconds(self) -> float:
        """User and system time of all threads so far."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle_descriptors(self, at_most: int, within: float = 30.0) -> None:
        until(lambda: self.descriptors() <= at_most, f"at most {at_most} descriptors open", within)


def status_field(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise AssertionError(f"no {name} for process {pid}")


def run(
    *arguments: str, env: Mapping[str, str], stdin: str | bytes | None = None, timeout: float = 30.0
) -> subprocess.CompletedProcess[str]:
    """Runs one client command to its end."""
    data = stdin.decode() if isinstance(stdin, bytes) else stdin
    return subprocess.run(
        [str(BINARY), *arguments], env=dict(env), input=data, capture_output=True, text=True, timeout=timeout
    )


def version() -> str:
    """The program's version, without what else `--version` prints."""
    found = re.search(r"\b\d+\.\d+\.\d+\S*", run("--version", env=settings(Path("/"))).stdout)
    assert found, "--version prints no version"
    return found[0]
