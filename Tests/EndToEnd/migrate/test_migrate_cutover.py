"""`latchkey migrate gate`, `cutover` and `rollback`: required proof, journal entries, and the way back."""

from __future__ import annotations

import io
import json
import random
import signal
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from peers.broker import API_KEY
from peers.move import Move, shapes
from peers.proxy import ProxiedRequest, FaultProxy
from peers.switching import BACKEND, Asked, backend, journal, proven, refused, runs, runs_whole
from peers.waiting import until

VARIABLES = {"STAGE": "prod", "JSON": '{"a": "b c"}', "EMPTY": "", "USE_PARAMETER_STORE": "false", "TOKEN": "s3cr3t-of-fn"}


@pytest.fixture
def move(cloud, tmp_path: Path) -> Move:
    cloud.reset()
    return Move(cloud, tmp_path, shapes(60, seed=8))


class TestCutover:
    def test_it_wants_proof_and_yes(self, move: Move) -> None:
        assert "verify" not in move.run("cutover", *journal(move), "--yes", status=1)
        move.copy()
        move.run("cutover", *journal(move), "--yes", status=1)
        move.run("verify", *move.selection, *journal(move))
        move.run("cutover", *journal(move), "--keep", status=64)
        move.run("cutover", *journal(move), "--keep", "--dry-run")
        assert backend(move) is None
        move.run("cutover", *journal(move), "--keep", "--yes")
        assert backend(move) == "parameter-store"

    def test_a_verify_that_was_not_clean_is_no_proof(self, move: Move) -> None:
        proven(move)
        shape = next(shape for shape in move.shapes if shape.moves)
        move.secrets.put_secret_value(SecretId=shape.name, SecretString="changed")
        move.run("verify", *move.selection, *journal(move), status=1)
        move.run("cutover", *journal(move), "--yes", status=1)
        assert backend(move) is None
        report = move.json("cutover", *journal(move), "--yes", "--force")
        assert (report["from"], report["to"]) == ("none", "parameter-store")
        assert runs(move, "cutover")[0]["details"]["forced"] == "true"

    def test_both_ways_are_written_down_and_repeat_harmlessly(self, move: Move) -> None:
        proven(move)
        for command in (["cutover", "--keep"], ["cutover", "--keep"], ["rollback"], ["rollback"]):
            move.run(*command, *journal(move), "--yes")
        assert backend(move) == "secrets-manager"
        switches = [(r["details"]["from"], r["details"]["to"]) for r in runs(move, "cutover") + runs(move, "rollback")]
        assert switches == [
            ("none", "parameter-store"), ("parameter-store", "parameter-store"),
            ("parameter-store", "secrets-manager"), ("secrets-manager", "secrets-manager"),
        ]
        assert all("@" in run["by"] and run["at"] > 0 for run in runs(move, "cutover"))
        assert len(move.ssm.get_parameter_history(Name=BACKEND)["Parameters"]) == 2

    def test_shadow_wants_no_proof(self, move: Move) -> None:
        move.run("cutover", "--to", "shadow", *journal(move), "--yes")
        assert backend(move) == "shadow"

    def test_a_verify_of_other_secrets_is_no_proof(self, move: Move) -> None:
        movable = [shape for shape in move.shapes if shape.moves]
        half = len(movable) // 2
        named = [[word for shape in part for word in ("--secret", shape.name)] for part in (movable[:half], movable[half:])]
        elsewhere = ["--journal", str(move.folder / "other.journal")]
        move.run("copy", *named[1], *elsewhere, *move.rate)
        move.run("copy", *named[0], *journal(move), *move.rate)
        # At least as many as this journal moved, equal in both stores, but different ones.
        move.run("verify", *named[1], *journal(move))
        assert "did not cover all" in refused(move, "cutover", *journal(move), "--yes")
        move.run("verify", *named[0], *journal(move))
        move.run("copy", *named[1], *journal(move), *move.rate)
        assert "did not cover all" in refused(move, "cutover", *journal(move), "--yes")
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
        asked = Asked(move, "cutover", "--keep", *journal(move))
        move.secrets.create_secret(Name="shop/prod/late", SecretString="moved while it was asked")
        move.run("copy", "--secret", "shop/prod/late", *move.pace)
        assert "did not cover all" in asked.confirm(status=1)
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
        for command, value in ((["cutover", "--keep"], "true"), (["rollback"], "false"), (["rollback"], "false")):
            move.run(*command, "--lambda-function", function, *journal(move), "--yes")
            found = client.get_function_configuration(FunctionName=function)
            assert found["Environment"]["Variables"] == VARIABLES | {"USE_PARAMETER_STORE": value}
            assert (found["MemorySize"], found["Timeout"]) == (256, 7)
        assert runs(move, "cutover")[0]["details"]["lambda orders"] == "false"
        assert "s3cr3t-of-fn" not in move.output + move.journal.read_text()

    @pytest.mark.row(50)
    @pytest.mark.parametrize("answered", [False, True], ids=["not yet made", "made"])
    def test_a_turn_that_is_killed_at_the_function_is_made_whole_when_repeated(
        self, move: Move, gate: FaultProxy, function: str, answered: bool
    ) -> None:
        proven(move)

        def unanswered(proxied: ProxiedRequest) -> bool:
            if answered:
                proxied.forward()
            return not proxied.wait_for_close()

        gate.always(unanswered, when=lambda request: request.method == "PUT")
        switch = ["cutover", "--keep", "--lambda-function", function, *journal(move), "--yes"]
        run = move.start(*switch, AWS_ENDPOINT_URL=f"http://127.0.0.1:{gate.port}")
        until(lambda: gate.seen(lambda request: request.method == "PUT"), "the function is asked", 30)
        client = move.moto.client("lambda")
        variables = lambda: client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]  # noqa: E731
        until(lambda: not answered or variables()["USE_PARAMETER_STORE"] == "true", "it is made", 30)
        run.send_signal(signal.SIGKILL)
        run.wait(10)
        assert backend(move) == "parameter-store"
        (asked,) = runs(move, "turn")
        assert asked["details"][f"lambda {function}"] == "asked" and runs(move, "cutover") == []
        assert variables() == VARIABLES | {"USE_PARAMETER_STORE": "true" if answered else "false"}
        move.run(*switch)
        assert variables() == VARIABLES | {"USE_PARAMETER_STORE": "true"}
        assert runs(move, "cutover")[0]["clean"]

    def test_a_rehearsal_looks_at_the_function_and_changes_nothing(self, move: Move, function: str) -> None:
        proven(move)
        before = move.journal.read_text()
        report = move.json("cutover", "--keep", "--lambda-function", function, *journal(move), "--dry-run")
        assert report["lambda_functions"] == {function: "false"} and not report["done"]
        move.run("cutover", "--keep", "--lambda-function", "nobody", *journal(move), "--dry-run", status=1)
        assert backend(move) is None and move.journal.read_text() == before

    def test_a_missing_function_is_reported_and_recorded(self, move: Move) -> None:
        proven(move)
        move.run("cutover", "--keep", "--lambda-function", "nobody", *journal(move), "--yes", status=1)
        assert not runs(move, "cutover")[0]["clean"]


class Metrics:
    """A stand-in for `/metrics` with the comparisons of a test."""

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

    def test_it_names_secrets_that_were_not_copied(self, move: Move, later) -> None:
        metrics = Metrics()
        later(metrics.server.shutdown)
        move.copy()
        metrics.counts = {"match": 100}
        report = move.json("gate", "--window", "1h", *journal(move), **metrics.env)
        assert sorted(s["secret"] for s in report["staying"]) == sorted(s.name for s in move.shapes if not s.moves)
        assert "cutover --keep" in move.run("gate", "--window", "1h", *journal(move), **metrics.env)
        assert "stay in Secrets Manager" in refused(move, "cutover", *journal(move), "--yes")
        move.run("cutover", "--keep", *journal(move), "--yes")

    def test_a_broker_that_compares_nothing_is_no_proof(self, move: Move, world) -> None:
        broker = world.serve()
        report = move.json("gate", "--window", "1s", *journal(move), status=1, LATCHKEY_URL=broker.url, LATCHKEY_API_KEY=API_KEY)
        assert not report["open"] and "shadow" in report["explanation"]

    @pytest.mark.row(50)
    def test_one_that_is_killed_is_no_proof_and_spoils_nothing(self, move: Move, later) -> None:
        metrics = Metrics()
        later(metrics.server.shutdown)
        metrics.counts = {"match": 9999}
        gate = ["gate", "--window", "1h", *journal(move)]
        rng = random.Random("gate")
        cut_off = 0
        for _ in range(8):
            run = move.start(*gate, **metrics.env)
            time.sleep(rng.random() * 0.04)
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
