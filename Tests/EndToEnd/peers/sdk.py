"""boto3 and the aws CLI as clients of the broker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from .broker import API_KEY, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, Broker
from .moto import Moto, client_at

AWS = Path(sys.executable).parent / "aws"


def client(
    broker: Broker, service: str, key: str = "default", secret: str = API_KEY, attempts: int = 1
) -> Any:
    """A boto3 client of the broker that signs with a caller's id and key. It does not retry by default."""
    return client_at(broker.url, service, key, secret, attempts)


def comparable(answer: dict[str, Any], *without: str) -> dict[str, Any]:
    """An answer without request ids, headers and page tokens."""
    left_out = {"ResponseMetadata", "NextToken", *without}
    return {name: value for name, value in answer.items() if name not in left_out}


def failure(call: Callable[[], Any]) -> tuple[str, str]:
    """The class and the error code of the exception that an SDK raises."""
    try:
        call()
    except ClientError as error:
        return type(error).__name__, error.response["Error"]["Code"]
    raise AssertionError("it did not fail")


def aws(broker: Broker, *arguments: str, secret: str = API_KEY) -> subprocess.CompletedProcess[str]:
    """Runs the aws CLI, configured by its environment."""
    return _aws(broker.url, broker.env["HOME"], "default", secret, arguments)


def _aws(
    url: str, home: str, key: str, secret: str, arguments: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_SSM": url,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
        "LANG": "C.UTF-8",
    }
    return subprocess.run(
        [str(AWS), *arguments, "--output", "json"], env=env, capture_output=True, encoding="utf-8", timeout=60
    )


def aws_of_both(broker: Broker, store: Moto, *arguments: str) -> tuple[str, str]:
    """The output of the aws CLI for the broker and for the store."""
    home = broker.env["HOME"]
    with ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(_aws, broker.url, home, "default", API_KEY, arguments),
            pool.submit(_aws, store.url, home, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, arguments),
        ]
    broker_run, store_run = (run.result() for run in runs)
    assert (broker_run.returncode, store_run.returncode) == (0, 0), broker_run.stderr + store_run.stderr
    return broker_run.stdout, store_run.stdout


def printed(run: subprocess.CompletedProcess[str]) -> Any:
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
