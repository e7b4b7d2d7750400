"""Prometheus, which scrapes brokers with a key for metrics alone and evaluates the rules of deploy/prometheus."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from .broker import ROOT, Broker
from .child import Child
from .http import ask
from .waiting import free_port, until

RULES = ROOT / "deploy/prometheus/latchkey.rules.yml"
#: Durations of the rules. In a test a window has 8 s, and an alert waits for 1 s.
_WINDOW, _OFFSET, _FOR = re.compile(r"\[\d+[smh]\]"), re.compile(r"\boffset \d+[smh]\b"), re.compile(r"^(\s+for:) .*$", re.MULTILINE)


def shortened(rules: str) -> str:
    """The rules with short durations, and otherwise as they are delivered."""
    return _FOR.sub(r"\1 1s", _OFFSET.sub("offset 8s", _WINDOW.sub("[8s]", rules)))


class Prometheus:
    """A server that scrapes and evaluates every second."""

    def __init__(self, folder: Path, key: str, rules: str, authority: Path) -> None:
        """
        - key: a broker's key with the scope `metrics`.
        - authority: the certificates that brokers with TLS are verified with.
        """
        self.folder = folder
        folder.mkdir()
        self.port = free_port()
        self.key = folder / "metrics-key"
        self.key.write_text(key)
        self.rules = folder / "rules.yml"
        self.rules.write_text(rules)
        self.authority = authority
        self._configure([])
        self.child = Child(
            [
                "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn",
            ],
            {"PATH": "/usr/bin:/bin"}, cwd=folder)

    @staticmethod
    def installed() -> bool:
        return shutil.which("prometheus") is not None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> Prometheus:
        self.child.ready(self._is_ready, "Prometheus is ready")
        return self

    def _is_ready(self) -> bool:
        try:
            return ask(self.port, "/-/ready", timeout=5).status == 200
        except OSError:
            return False

    def scrape(self, brokers: Sequence[Broker], rules: str) -> None:
        """Scrapes these brokers from now on, each as the instance `127.0.0.1:PORT` or, with TLS, `localhost:PORT`."""
        self.rules.write_text(rules)
        self._configure(brokers)
        self.child.send(signal.SIGHUP)

    def _configure(self, brokers: Sequence[Broker]) -> None:
        common: dict[str, Any] = {"authorization": {"type": "Bearer", "credentials_file": str(self.key)}}
        plain = [f"127.0.0.1:{broker.port}" for broker in brokers if not broker.context]
        secure = [f"localhost:{broker.port}" for broker in brokers if broker.context]
        jobs = [{"job_name": "latchkey", "static_configs": [{"targets": plain}], **common}] if plain else []
        if secure:
            jobs.append({
                "job_name": "latchkey-tls", "scheme": "https", "tls_config": {"ca_file": str(self.authority)},
                "static_configs": [{"targets": secure, "labels": {"job": "latchkey"}}], **common,
            })
        self.folder.joinpath("prometheus.yml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(self.rules)], "scrape_configs": jobs,
        }))

    # Answers

    def api(self, path: str, **parameters: str) -> Any:
        query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
        answer = ask(self.port, f"/api/v1/{path}?{query}")
        body = json.loads(answer.body)
        assert answer.status == 200 and body["status"] == "success", (path, parameters, body)
        return body["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant query, each with `metric` and `value`."""
        return self.api("query", query=expression)["result"]

    def value(self, expression: str) -> float | None:
        """The value of the only series; None if there is none."""
        found = self.query(expression)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that fire, each with `labels` and `annotations`."""
        return [alert for alert in self.api("alerts")["alerts"] if alert["state"] == "firing"]

    def wait_for_targets(self, count: int) -> None:
        until(lambda: self.value('sum(up{job="latchkey"})') == count, f"{count} targets are up")

    def stop(self) -> None:
        self.child.kill()


def rules() -> Mapping[str, Mapping[str, Any]]:
    """The alert rules by name."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}
