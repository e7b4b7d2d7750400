"""The files in deploy/ are valid for the programs that read them, and allow what they must and no more."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from peers.broker import ROOT

DEPLOY = ROOT / "deploy"


def check(*command: str | Path, cwd: Path = ROOT, stdin: str | None = None) -> None:
    """Runs a checker that must succeed."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, input=stdin, capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 0, done.stdout + done.stderr


def require(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed: this check has NOT been made")
    return path


# systemd


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    analyze = require("systemd-analyze")
    unit = tmp_path / "latchkey.service"
    # systemd-analyze requires the program to exist. Everything else is unchanged.
    unit.write_text((DEPLOY / "systemd/latchkey.service").read_text().replace("/usr/local/bin/latchkey", "/bin/true"))
    check(analyze, "verify", "--recursive-errors=yes", "--man=no", unit)


def test_systemd_accepts_the_socket(tmp_path: Path) -> None:
    analyze = require("systemd-analyze")
    service = (DEPLOY / "systemd/latchkey.service").read_text().replace("/usr/local/bin/latchkey", "/bin/true")
    (tmp_path / "latchkey.service").write_text(service)
    socket = tmp_path / "latchkey.socket"
    socket.write_text((DEPLOY / "systemd/latchkey.socket").read_text())
    check(analyze, "verify", "--recursive-errors=yes", "--man=no", socket)


def test_the_unit_is_hardened() -> None:
    # 12 of 100; 0 is a fully confined process.
    analyze = require("systemd-analyze")
    check(analyze, "security", "--offline=true", "--threshold=12", DEPLOY / "systemd/latchkey.service")


def test_the_unit_outlives_the_drain() -> None:
    unit = (DEPLOY / "systemd/latchkey.service").read_text()
    settings = (DEPLOY / "systemd/latchkey.env").read_text()
    seconds = {line.split("=")[0].lstrip("#"): line.split("=")[1] for line in (unit + settings).splitlines() if "=" in line}
    assert int(seconds["TimeoutStopSec"]) > int(seconds["LATCHKEY_DRAIN_TIMEOUT"])


def test_the_unit_waits_for_the_broker_and_watches_it() -> None:
    lines = (DEPLOY / "systemd/latchkey.service").read_text().splitlines()
    assert "Type=notify" in lines and "WatchdogSec=30" in lines and "Restart=on-failure" in lines


# Prometheus


def test_prometheus_accepts_the_scrape_configuration(tmp_path: Path) -> None:
    promtool = require("promtool")
    key = tmp_path / "key"
    key.write_text("a key\n")
    text = (DEPLOY / "prometheus/prometheus.yml").read_text()
    assert "/etc/prometheus/latchkey-api-key" in text
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text(text.replace("/etc/prometheus/latchkey-api-key", str(key)))
    shutil.copy(DEPLOY / "prometheus/latchkey.rules.yml", tmp_path)
    check(promtool, "check", "config", configuration)


# The one command


def test_a_missing_swift_is_reported(tmp_path: Path) -> None:
    # The PATH has only dirname, without Swift or a package manager.
    for name in ["bash", "dirname", "env"]:
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    done = subprocess.run(
        [str(DEPLOY / "try")], env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 69
    assert done.stdout == ""
    assert "swift is not installed" in done.stderr
