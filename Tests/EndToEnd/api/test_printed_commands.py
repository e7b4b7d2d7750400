"""Every command in the messages of the product works as printed, except for those of `latchkey migrate`."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from peers.broker import API_KEY, BINARY, PREFIX, ROOT, run
from peers.doctor import NO_ISSUER, doctor
from peers.faults import aws_error
from peers.waiting import free_port

#: A command in a sentence, up to the next punctuation. Text in backquotes is only a command's name.
COMMAND = re.compile(
    r"(?<![`\w])(?:latchkey (?:put|policy|config|doctor|tiers|get|token|env|exec|serve|migrate)|curl -|openssl |getent |jq |chmod |"
    r"timedatectl )[^;,()`'\n]*")


def commands(text: str) -> Iterator[str]:
    for match in COMMAND.finditer(text):
        command = re.split(r" (?:shows|prints|says|writes|opens|with|and|then)\b|\. ", match[0])[0].strip()
        # Skip a synopsis.
        if not any(mark in command for mark in "[<…"):
            yield command


def sentences(findings: list[dict[str, Any]]) -> str:
    return "\n".join(f"{f['explanation']}\n{f.get('remedy', '')}" for f in findings)


def unwell(world) -> Iterator[str]:
    """Messages of doctor and other commands for various faults."""
    world.put("secrets", "not json", "String")
    away = f"http://127.0.0.1:{free_port()}"
    yield sentences(doctor(world, **NO_ISSUER)[1])
    yield sentences(doctor(world, AWS_ENDPOINT_URL=away)[1])
    yield sentences(doctor(world, LATCHKEY_AUTH0_TOKEN_URL=f"{away}/oauth/token")[1])
    yield sentences(doctor(world, LATCHKEY_AUTH0_TOKEN_URL=f"https://127.0.0.1:{world.moto.port}/oauth/token")[1])
    yield sentences(doctor(world, "--no-token", LATCHKEY_API_KEY=None)[1])
    yield sentences(doctor(world, "--no-token", LATCHKEY_URL=away)[1])
    world.put("latchkey/backend", "another", "String")
    yield sentences(doctor(world, "--no-token", LATCHKEY_SECRETS_BACKEND="auto")[1])
    world.ssm.delete_parameter(Name=f"{PREFIX}/secrets")
    blob = dict.fromkeys(["AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_AUDIENCE"])
    yield sentences(doctor(world, "--no-token", **blob)[1])
    yield sentences(doctor(world, "--no-token", LATCHKEY_SECRETS_BACKEND="shadow", **blob)[1])
    world.aws.always(aws_error("AccessDeniedException"), when=lambda request: bool(request.operation))
    yield sentences(doctor(world, "--no-token", AWS_ENDPOINT_URL=world.aws_url)[1])
    world.aws.always(
        aws_error("AccessDeniedException"), when=lambda request: b'"WithDecryption":true' in request.body)
    yield sentences(doctor(world, "--no-token", AWS_ENDPOINT_URL=world.aws_url)[1])
    for words in (["serve"], ["get", "solo"], ["policy"], ["config"], ["exec"]):
        for env in ({"LATCHKEY_API_KEY": None}, {"LATCHKEY_API_KEY": "short"}, {"AWS_REGION": None}):
            yield run(*words, env=world.settings(**{"LATCHKEY_SECRET_TTL": "long", **env})).stderr


def source_texts() -> Iterator[str]:
    """The messages in the sources, without those of the migrate commands."""
    for file in sorted((ROOT / "Sources/latchkey").rglob("*.swift")):
        if "igrat" in str(file.relative_to(ROOT)):
            continue
        text = re.sub(r'"\s*\+\s*"', "", file.read_text())
        yield from re.findall(r'"((?:[^"\\]|\\.)*)"', text)


def stand_ins(command: str, folder: Path) -> str:
    """The command with its placeholders replaced."""
    (folder / "blob.json").write_text('{"A": "b"}')
    (folder / "file").write_text("")
    command = command.replace("KMS_KEY_ARN", "ARN")
    command = re.sub(r"\bARN\b", "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", command)
    return re.sub(r"\\\(path\)|\bFILE\b", "file", command)


def test_every_command_that_is_printed_works_as_printed(world, tmp_path: Path) -> None:
    texts = list(unwell(world))
    world.aws.heal()
    printed = {command for text in texts for command in commands(text)}
    written = {command for text in source_texts() if "\\" not in text for command in commands(text)}
    assert any(command.startswith("openssl s_client -connect 127.0.0.1:") for command in printed), printed
    assert {"latchkey policy", "latchkey put secrets --file blob.json", "latchkey config"} <= printed, printed
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "bin").mkdir()
    (folder / "bin" / "latchkey").symlink_to(BINARY)
    env = world.settings(AWS_ENDPOINT_URL=world.moto.url)
    env["PATH"] = f"{folder / 'bin'}:{env['PATH']}"
    for command in sorted(printed | written):
        # Fails with the command if shlex cannot split it.
        assert command.count('"') % 2 == 0, command
        words = shlex.split(stand_ins(command, folder).replace("$LATCHKEY_API_KEY", API_KEY))
        if words[:2] in (["latchkey", "serve"], ["timedatectl", "set-ntp"]) or not shutil.which(words[0], path=env["PATH"]):
            continue
        # openssl runs until its input ends, and curl until it gets an answer.
        done = subprocess.run(
            words, cwd=folder, env=env, input="", capture_output=True, text=True, timeout=60)
        refused = {"latchkey": {64}, "curl": {2, 3}, "openssl": set(), "getent": {1}, "jq": {1, 2, 3}, "chmod": {1}}
        assert done.returncode not in refused[words[0]], f"{command}: {done.stderr}"
        assert not re.search(r"(?i)unknown option|usage:|malformed", done.stderr), f"{command}: {done.stderr}"
