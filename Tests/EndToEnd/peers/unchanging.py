"""Clients that repeat the same requests and record every answer that differs from the first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from .broker import Broker
from .sdk import client, comparable

#: A request: its name, and the function that sends it.
Question = Callable[[], Any]


class UnchangingClient:
    """A thread that repeats its requests until `stop`. The first answers are the expected ones."""

    def __init__(self, questions: Mapping[str, Question]) -> None:
        self.questions = questions
        self.first = {name: ask() for name, ask in questions.items()}
        self.rounds = 0
        self.changes: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            for name, ask in self.questions.items():
                try:
                    answer = ask()
                except Exception as error:  # whatever it is, it is not an answer
                    answer = repr(error)
                if answer != self.first[name]:
                    self.changes.append(f"{name}: {str(self.first[name])[:200]} -> {str(answer)[:200]}")
            self.rounds += 1

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)


def natively(broker: Broker, keys: list[str]) -> dict[str, Question]:
    """`GET /secrets/{key}` of each secret, of several, and of the names, without versions, which differ between stores."""

    def one(key: str) -> Any:
        answer = broker.get(f"/secrets/{quote(key)}")
        body = answer.json()
        return answer.status, body.get("value"), body.get("encoding"), body.get("code")

    def several(some: list[str]) -> Any:
        body = broker.get(f"/secrets?keys={quote(','.join(some))}").json()
        errors = {key: problem["code"] for key, problem in body.get("errors", {}).items()}
        return {key: secret["value"] for key, secret in body.get("secrets", {}).items()}, errors

    questions: dict[str, Question] = {key: lambda key=key: one(key) for key in keys}
    questions["several"] = lambda: several(keys)
    questions["names"] = lambda: broker.get("/secrets").json()
    return questions


def by_extension(broker: Broker, ids: list[str]) -> dict[str, Question]:
    """The path of AWS's Lambda extension."""

    def one(name: str) -> Any:
        answer = broker.get(f"/secretsmanager/get?secretId={quote(name, safe='')}")
        body = answer.json() if answer.status == 200 else {}
        return answer.status, body.get("SecretString"), body.get("SecretBinary"), body.get("Name")

    return {name: lambda name=name: one(name) for name in ids}


def by_sdk(broker: Broker, ids: list[str]) -> dict[str, Question]:
    """boto3 by name: one secret, several, and a description."""
    secrets = client(broker, "secretsmanager")

    def one(call: Callable[[], dict[str, Any]], *members: str) -> Any:
        try:
            answer = comparable(call())
        except ClientError as error:
            return error.response["Error"]["Code"]
        return {member: answer.get(member) for member in members}

    def several(some: list[str]) -> Any:
        answer = secrets.batch_get_secret_value(SecretIdList=some)
        values = {found["Name"]: found.get("SecretString", found.get("SecretBinary")) for found in answer["SecretValues"]}
        return values, sorted(error["SecretId"] for error in answer["Errors"])

    questions: dict[str, Question] = {
        f"value of {name}": lambda name=name: one(
            lambda: secrets.get_secret_value(SecretId=name), "Name", "SecretString", "SecretBinary", "VersionStages"
        )
        for name in ids
    }
    for start in range(0, len(ids), 20):
        questions[f"batch {start}"] = lambda some=ids[start : start + 20]: several(some)
    return questions


def whole(broker: Broker, ids: list[str]) -> dict[str, Question]:
    """boto3 by ARN with the whole answer, for secrets that stay in their store."""
    secrets = client(broker, "secretsmanager")
    questions: dict[str, Question] = {}
    for name in ids:
        arn = secrets.describe_secret(SecretId=name)["ARN"]
        questions[f"{name} by ARN"] = lambda arn=arn: comparable(secrets.get_secret_value(SecretId=arn))
        questions[f"{name} described"] = lambda arn=arn: comparable(secrets.describe_secret(SecretId=arn))
    return questions
