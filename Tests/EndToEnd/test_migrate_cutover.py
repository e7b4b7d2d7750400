"""`latchkey migrate gate`, `cutover`, `rollback` and `cleanup`: what wants proof, what is written down, what comes back."""

from __future__ import annotations

import io
import json
import os
import pty
import random
import signal
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from peers.broker import API_KEY, BINARY, PREFIX as PARAMETERS
from peers.moto import KeepAliveMoto
from peers.move import Move, shapes
from peers.proxy import Exchange, FaultProxy
from peers.waiting import until

BACKEND = f"{PARAMETERS}/latchkey/backend"
VARIABLES = {"STAGE": "prod", "JSON": '{"a": "b c"}', "EMPTY": "", "USE_PARAMETER_STORE": "false", "TOKEN": "s3cr3t-of-fn"}


@pytest.fixture(scope="module")
def cloud(binary) -> Iterator[KeepAliveMoto]:
    server = KeepAliveMoto().wait()
    yield server
    server.stop()


@pytest.fixture
def move(cloud, tmp_path: Path) -> Move:
    cloud.reset()
    return Move(cloud, tmp_path, shapes(60, seed=8))


def journal(move: Move) -> list[str]:
    return ["--journal", str(move.journal)]


def proven(move: Move) -> Move:
    """Copied and verified."""
    move.copy()
    move.run("verify", *move.selection, *journal(move))
    return move


def backend(move: Move) -> str | None:
    found = move.ssm.get_parameters(Names=[BACKEND])["Parameters"]
    return found[0]["Value"] if found else None


def refused(move: Move, *arguments: str, status: int = 1) -> str:
    """What a command says that does nothing."""
    before = len(move.said)
    move.run(*arguments, status=status)
    return move.said[before:]


def runs_whole(move: Move, command: str) -> list[bytes]:
    """The lines of a command in a journal whose last line may be cut off."""
    return [line for line in move.journal.read_bytes().split(b"\n")[:-1] if f'"run":"{command}"'.encode() in line]


def runs(move: Move, command: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in move.journal.read_text().splitlines()]
    return [line for line in lines if line.get("run") == command]


class TestCutover:
    def test_it_wants_proof_and_yes(self, move: Move) -> None:
        assert "verify" not in move.run("cutover", *journal(move), "--yes", status=1)
        move.copy()
        move.run("cutover", *journal(move), "--yes", status=1)
        move.run("verify", *move.selection, *journal(move))
        move.run("cutover", *journal(move), status=64)
        move.run("cutover", *journal(move), "--dry-run")
        assert backend(move) is None
        move.run("cutover", *journal(move), "--yes")
        assert backend(move) == "parameter-store"

    def test_a_verify_that_was_not_clean_is_no_proof(self, move: Move) -> None:
        proven(move)
        shape = next(shape for shape in move.shapes if shape.moves)
        move.secrets.put_secret_value(SecretId=shape.name, SecretString="changed")
        move.run("verify", *move.selection, *journal(move), status=1)
        move.run("cutover", *journal(move), "--yes", status=1)
        assert backend(move) is None
        said = move.json("cutover", *journal(move), "--yes", "--force")
        assert (said["from"], said["to"]) == ("none", "parameter-store")
        assert runs(move, "cutover")[0]["details"]["forced"] == "true"

    def test_both_ways_are_written_down_and_repeat_harmlessly(self, move: Move) -> None:
        proven(move)
        for command in ("cutover", "cutover", "rollback", "rollback"):
            move.run(command, *journal(move), "--yes")
        assert backend(move) == "secrets-manager"
        turns = [(r["details"]["from"], r["details"]["to"]) for r in runs(move, "cutover") + runs(move, "rollback")]
        assert turns == [
            ("none", "parameter-store"), ("parameter-store", "parameter-store"),
            ("parameter-store", "secrets-manager"), ("secrets-manager", "secrets-manager"),
        ]
        assert all("@" in run["by"] and run["at"] > 0 for run in runs(move, "cutover"))
        assert len(move.ssm.get_parameter_history(Name=BACKEND)["Parameters"]) == 2

    def test_shadow_wants_no_proof(self, move: Move) -> None:
        move.run("cutover", "--to", "shadow", *journal(move), "--yes")
        assert backend(move) == "shadow"

    def test_a_verify_of_other_secrets_is_no_proof(self, move: Move) -> None:
        ours = [shape for shape in move.shapes if shape.moves]
        half = len(ours) // 2
        named = [[word for shape in part for word in ("--secret", shape.name)] for part in (ours[:half], ours[half:])]
        elsewhere = ["--journal", str(move.folder / "other.journal")]
        move.run("copy", *named[1], *elsewhere, *move.rate)
        move.run("copy", *named[0], *journal(move), *move.rate)
        # As many or more as were moved by this journal, equal in both stores, and not the same.
        move.run("verify", *named[1], *journal(move))
        assert "not of all" in refused(move, "cutover", *journal(move), "--yes")
        move.run("verify", *named[0], *journal(move))
        move.run("copy", *named[1], *journal(move), *move.rate)
        assert "not of all" in refused(move, "cutover", *journal(move), "--yes")
        move.run("verify", *named[0], *named[1], *journal(move))
        move.run("cutover", *journal(move), "--yes")

    @pytest.mark.parametrize("case", ["prefix", "account"])
    def test_a_verify_of_another_fleet_is_no_proof(self, move: Move, case: str) -> None:
        move.copy()
        if case == "prefix":
            move.run("verify", *move.selection, *journal(move), LATCHKEY_PREFIX="/orders/staging")
        else:
            move.run("verify", *move.selection, *journal(move))
            text = move.journal.read_text()
            assert '"account":"123456789012"' in text
            move.journal.write_text(text.replace('"account":"123456789012"', '"account":"210987654321"'))
        assert "another account or LATCHKEY_PREFIX" in refused(move, "cutover", *journal(move), "--yes")
        assert backend(move) is None

    def test_it_is_judged_again_once_nobody_else_writes_the_journal(self, move: Move) -> None:
        proven(move)
        ours, theirs = pty.openpty()
        run = subprocess.Popen(
            [str(BINARY), "migrate", "cutover", *journal(move)], env=move.env, cwd=move.folder, stdin=theirs,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        asked = b""
        while b"type yes: " not in asked:
            asked += run.stderr.read1()
        shape = next(shape for shape in move.shapes if shape.moves)
        move.secrets.put_secret_value(SecretId=shape.name, SecretString="changed while it was asked")
        move.run("verify", *move.selection, *journal(move), status=1)
        os.write(ours, b"yes\n")
        said = run.communicate(timeout=30)[1]
        os.close(ours)
        os.close(theirs)
        assert run.returncode == 1 and b"not clean" in said
        assert backend(move) is None


class TestFunction:
    @pytest.fixture
    def function(self, move: Move) -> str:
        role = move.moto.client("iam").create_role(RoleName="fn", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("index.py", "def handler(event, context): pass")
        move.moto.client("lambda").create_function(
            FunctionName="orders", Runtime="python3.12", Role=role, Handler="index.handler",
            Code={"ZipFile": code.getvalue()}, Environment={"Variables": VARIABLES}, MemorySize=256, Timeout=7,
        )
        return "orders"

    def test_it_keeps_every_other_variable(self, move: Move, function: str) -> None:
        proven(move)
        client = move.moto.client("lambda")
        for command, value in (("cutover", "true"), ("rollback", "false"), ("rollback", "false")):
            move.run(command, "--lambda-function", function, *journal(move), "--yes")
            found = client.get_function_configuration(FunctionName=function)
            assert found["Environment"]["Variables"] == VARIABLES | {"USE_PARAMETER_STORE": value}
            assert (found["MemorySize"], found["Timeout"]) == (256, 7)
        assert runs(move, "cutover")[0]["details"]["lambda orders"] == "false"
        assert "s3cr3t-of-fn" not in move.said + move.journal.read_text()

    @pytest.mark.row(50)
    @pytest.mark.parametrize("answered", [False, True], ids=["not yet made", "made"])
    def test_a_turn_that_is_killed_at_the_function_is_made_whole_when_repeated(
        self, move: Move, function: str, later, answered: bool
    ) -> None:
        proven(move)
        proxy = FaultProxy(move.moto.port)
        later(proxy.stop)

        def unanswered(exchange: Exchange) -> bool:
            if answered:
                exchange.forward()
            return not exchange.wait_for_close()

        proxy.always(unanswered, when=lambda request: request.method == "PUT")
        turn = ["cutover", "--lambda-function", function, *journal(move), "--yes"]
        run = move.start(*turn, AWS_ENDPOINT_URL=f"http://127.0.0.1:{proxy.port}")
        until(lambda: proxy.seen(lambda request: request.method == "PUT"), "the function is asked", 30)
        client = move.moto.client("lambda")
        variables = lambda: client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]  # noqa: E731
        until(lambda: not answered or variables()["USE_PARAMETER_STORE"] == "true", "it is made", 30)
        run.send_signal(signal.SIGKILL)
        run.wait(10)
        assert backend(move) == "parameter-store"
        (asked,) = runs(move, "turn")
        assert asked["details"][f"lambda {function}"] == "asked" and runs(move, "cutover") == []
        assert variables() == VARIABLES | {"USE_PARAMETER_STORE": "true" if answered else "false"}
        move.run(*turn)
        assert variables() == VARIABLES | {"USE_PARAMETER_STORE": "true"}
        assert runs(move, "cutover")[0]["clean"]

    def test_a_rehearsal_looks_at_the_function_and_changes_nothing(self, move: Move, function: str) -> None:
        proven(move)
        before = move.journal.read_text()
        said = move.json("cutover", "--lambda-function", function, *journal(move), "--dry-run")
        assert said["lambda_functions"] == {function: "false"} and not said["done"]
        move.run("cutover", "--lambda-function", "nobody", *journal(move), "--dry-run", status=1)
        assert backend(move) is None and move.journal.read_text() == before

    def test_one_that_is_not_there_is_told_and_written_down(self, move: Move) -> None:
        proven(move)
        move.run("cutover", "--lambda-function", "nobody", *journal(move), "--yes", status=1)
        assert not runs(move, "cutover")[0]["clean"]


class Metrics:
    """A broker's `/metrics` with the comparisons a test says it has made."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.started = time.time() - 7200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                lines = [f'latchkey_shadow_comparisons_total{{result="{r}"}} {n}' for r, n in outer.counts.items()]
                text = "\n".join([f"process_start_time_seconds {outer.started}", *lines, ""]).encode()
                self.send_response(200 if self.headers["Authorization"] == f"Bearer {API_KEY}" else 401)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def env(self) -> dict[str, str]:
        return {"LATCHKEY_URL": f"http://127.0.0.1:{self.server.server_port}", "LATCHKEY_API_KEY": API_KEY}


class TestGate:
    def test_it_opens_for_equal_comparisons_over_the_window_alone(self, move: Move, later) -> None:
        metrics = Metrics()
        later(metrics.server.shutdown)
        gate = ["gate", "--window", "1h", *journal(move)]
        cases = [({}, 1), ({"match": 99}, 1), ({"match": 100, "mismatch": 0}, 0), ({"match": 9999, "mismatch": 1}, 1)]
        for counts, status in cases:
            metrics.counts = counts
            move.run(*gate, status=status, **metrics.env)
        metrics.counts = {"match": 9999}
        metrics.started = time.time() - 60
        move.run(*gate, status=1, **metrics.env)
        move.run("gate", "--window", "30s", *journal(move), **metrics.env)
        move.run("cutover", *journal(move), "--yes")
        assert backend(move) == "parameter-store"

    def test_a_broker_that_compares_nothing_is_no_proof(self, move: Move, world) -> None:
        broker = world.serve()
        said = move.json("gate", "--window", "1s", *journal(move), status=1, LATCHKEY_URL=broker.url, LATCHKEY_API_KEY=API_KEY)
        assert not said["open"] and "shadow" in said["explanation"]

    @pytest.mark.row(50)
    def test_one_that_is_killed_is_no_proof_and_spoils_nothing(self, move: Move, later) -> None:
        metrics = Metrics()
        later(metrics.server.shutdown)
        metrics.counts = {"match": 9999}
        gate = ["gate", "--window", "1h", *journal(move)]
        chance = random.Random("gate")
        cut_off = 0
        for _ in range(8):
            run = move.start(*gate, **metrics.env)
            time.sleep(chance.random() * 0.04)
            cut_off += run.poll() is None
            run.send_signal(signal.SIGKILL)
            run.wait(10)
            for line in (move.journal.read_bytes() if move.journal.exists() else b"").split(b"\n")[:-1]:
                json.loads(line)
            if move.journal.exists() and not runs_whole(move, "gate"):
                move.run("cutover", *journal(move), "--yes", status=1)
        assert cut_off > 0, "every one came to its end before it was killed"
        move.run(*gate, **metrics.env)
        move.run("cutover", *journal(move), "--yes")

    def test_no_broker_and_a_wrong_window_have_their_exit_codes(self, move: Move) -> None:
        away = {"LATCHKEY_URL": "http://127.0.0.1:9", "LATCHKEY_API_KEY": API_KEY}
        move.run("gate", *journal(move), status=69, **away)
        move.run("gate", "--window", "soon", *journal(move), status=64, **away)


class TestCleanup:
    @pytest.fixture
    def moved(self, move: Move) -> Move:
        """Backed up, copied, verified and cut over."""
        password = move.folder / "password"
        password.write_text("correct horse battery staple\n")
        password.chmod(0o600)
        out = ["--out", str(move.folder / "backup.cms"), "--password-file", str(password)]
        move.run("backup", *move.selection, *out, *journal(move))
        proven(move)
        move.run("cutover", *journal(move), "--yes")
        return move

    def pending(self, move: Move) -> set[str]:
        found = set()
        for page in move.secrets.get_paginator("list_secrets").paginate(IncludePlannedDeletion=True):
            found |= {secret["Name"] for secret in page["SecretList"] if secret.get("DeletedDate")}
        return found

    def test_it_deletes_what_was_moved_and_lists_what_keeps_the_rest(self, moved: Move) -> None:
        before = self.pending(moved)
        cleanup = ["cleanup", *moved.selection, *journal(moved)]
        young = moved.json(*cleanup, "--yes", status=1)
        assert young["summary"]["delete"] == 0
        assert all(s["blocks"] for s in young["secrets"] if s["secret"] not in before)
        moved.run(*cleanup, "--min-days", "0", status=64)
        assert self.pending(moved) == before
        done = moved.json(*cleanup, "--min-days", "0", "--recovery-window-days", "7", "--yes", status=1)
        gone = {shape.name for shape in moved.shapes if shape.moves and "replicas" not in shape.obstacles}
        assert self.pending(moved) - before == gone
        reasons = {s["secret"]: {b["code"] for b in s["blocks"]} for s in done["secrets"] if s["blocks"]}
        for shape in moved.shapes:
            if "replicas" in shape.obstacles:
                assert reasons[shape.name] == {"replicas"}
            elif not shape.moves and shape.name not in before:
                assert reasons[shape.name] == {"not_moved", "parameter_missing"}
        deletion = moved.secrets.describe_secret(SecretId=min(gone))["DeletedDate"].timestamp()
        assert 6 * 86400 < deletion - time.time() < 8 * 86400

    @pytest.mark.parametrize("command", ["rollback", "cutover --to shadow"])
    def test_the_fleet_is_not_turned_onto_secrets_that_wait_for_their_deletion(self, moved: Move, command: str) -> None:
        turn = [*command.split(), *journal(moved), "--yes"]
        moved.run("cleanup", *moved.selection, *journal(moved), "--min-days", "0", "--yes", status=1)
        said = refused(moved, *turn)
        assert "cleanup --undo" in said and backend(moved) == "parameter-store"
        moved.run(*turn, "--force")
        assert runs(moved, command.split()[-1])[-1]["details"]["forced"] == "true"
        moved.run("cutover", *journal(moved), "--yes", "--force")
        moved.run("cleanup", *moved.selection, *journal(moved), "--undo", "--yes")
        moved.run(*turn)
        assert backend(moved) == runs(moved, command.split()[-1])[-1]["details"]["to"]
        assert "forced" not in runs(moved, command.split()[-1])[-1]["details"]

    def test_undo_brings_them_all_back(self, moved: Move) -> None:
        before = self.pending(moved)
        moved.run("cleanup", *moved.selection, *journal(moved), "--min-days", "0", "--yes", status=1)
        assert self.pending(moved) > before
        moved.json("cleanup", *moved.selection, *journal(moved), "--undo", "--yes")
        # What somebody else has deleted stays so, unless it is named.
        assert self.pending(moved) == before
        moved.run("verify", *moved.selection, *journal(moved))
        moved.run("cleanup", "--secret", min(before), *journal(moved), "--undo", "--yes")
        assert self.pending(moved) == before - {min(before)}

    @pytest.mark.row(50)
    def test_killed_and_repeated_it_comes_to_the_same(self, moved: Move) -> None:
        cleanup = ["cleanup", *moved.selection, *journal(moved), "--min-days", "0", "--yes"]
        before = self.pending(moved)
        chance = random.Random(9)
        for _ in range(4):
            run = moved.start(*cleanup)
            time.sleep(0.1 + chance.random() * 0.4)
            run.send_signal(signal.SIGKILL)
            run.wait(10)
        moved.run(*cleanup, status=1)
        assert len(self.pending(moved) - before) == sum(
            shape.moves and "replicas" not in shape.obstacles for shape in moved.shapes
        )

    @pytest.mark.parametrize(
        "case",
        [
            "no cut-over", "rolled back", "no backup", "altered backup", "changed since", "parameter gone", "shadow",
            "turned past the journal", "rolled back by another journal", "another prefix",
        ],
    )
    def test_each_of_these_keeps_a_secret(self, moved: Move, case: str) -> None:
        shape = next(shape for shape in moved.shapes if shape.moves)
        file = moved.folder / "backup.cms"
        code = {
            "rolled back": "not_cut_over", "no backup": "no_backup", "altered backup": "no_backup",
            "changed since": "changed_since", "parameter gone": "parameter_missing", "shadow": "not_in_force",
            "turned past the journal": "not_in_force", "rolled back by another journal": "not_in_force",
            "another prefix": "not_in_force",
        }.get(case)
        env = {}
        if case == "no cut-over":
            lines = moved.journal.read_text().splitlines(keepends=True)
            moved.journal.write_text("".join(line for line in lines if '"run":"cutover"' not in line))
            code = "not_cut_over"
        elif case == "rolled back":
            moved.run("rollback", *journal(moved), "--yes")
        elif case == "no backup":
            file.unlink()
        elif case == "altered backup":
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(content)
        elif case == "shadow":
            moved.run("cutover", "--to", "shadow", *journal(moved), "--yes")
        elif case == "turned past the journal":
            moved.ssm.put_parameter(Name=BACKEND, Value="secrets-manager", Type="String", Overwrite=True)
        elif case == "rolled back by another journal":
            moved.run("rollback", "--journal", str(moved.folder / "other.journal"), "--yes")
        elif case == "another prefix":
            env["LATCHKEY_PREFIX"] = "/orders/other"
        elif case == "changed since":
            moved.secrets.put_secret_value(SecretId=shape.name, SecretString="changed")
        else:
            moved.ssm.delete_parameter(Name=shape.target)
        said = moved.json(
            "cleanup", "--secret", shape.name, *journal(moved), "--min-days", "0", "--yes", status=1, **env
        )
        assert code in {block["code"] for block in said["secrets"][0]["blocks"]}
        assert shape.name not in self.pending(moved)
