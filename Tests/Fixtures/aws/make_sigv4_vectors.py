"""Signs generated requests with botocore and writes them as vectors for SigV4Tests.

usage: make_sigv4_vectors.py SEED COUNT > vectors.json

The committed sigv4.json is SEED 1, COUNT 320. The end-to-end suite runs this with a new seed every time.
"""

import datetime
import json
import random
import sys
from unittest import mock

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ODD = "/ %25%2F%20.~_-=+@:,;()!$&'*[]"
PATHS = ["", "/", "//", "/a/b", "/a//b/", "/./a/../b", "/../..", "/a%20b", "/%E4%B8%AD", "/a+b/c~d", "/a;b,c=d/@", "/%2F"]


def text(rng: random.Random, alphabet: str, max_length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(0, max_length)))


def query(rng: random.Random) -> str:
    names = ["a", "A", "b", "Action", "foo%20bar", "x-y", "a.b", "~t", "%E1%88%B4", "Param1"]
    values = ["", "1", "value", "%2F", "a%3Db", "-", "_~.", "%25", "Z", "a+b"]
    pairs = []
    for _ in range(rng.randint(0, 6)):
        name = rng.choice(names)
        pairs.append(name if rng.random() < 0.1 else f"{name}={rng.choice(values)}")
    return "&".join(pairs)


def fields(rng: random.Random) -> list[tuple[str, str]]:
    chosen = []
    for _ in range(rng.randint(0, 5)):
        name = rng.choice(["X-Amz-Target", "Content-Type", "My-Header1", "x-amz-meta", "ACCEPT", "User-Agent", "zz-top"])
        value = rng.choice(["v", "  padded  ", "a   b    c", "tab\tin", '"quoted  text"', "a,b", "", "AmazonSSM.GetParameter"])
        chosen.append((name, value))
    return chosen


def vector(rng: random.Random) -> dict:
    path = rng.choice(PATHS) if rng.random() < 0.5 else "/" + text(rng, "ab/.%2~-_A", 24).replace("%", "%2")
    target = path + ("?" + q if (q := query(rng)) else "")
    host = rng.choice(["ssm.us-east-1.amazonaws.com", "127.0.0.1:5000", "example.com", "secretsmanager.cn-north-1.amazonaws.com.cn"])
    method = rng.choice(["GET", "POST", "PUT", "DELETE"])
    body = rng.randbytes(rng.choice([0, 0, 1, 33, 200]))
    lines = fields(rng)
    token = None if rng.random() < 0.5 else text(rng, "abcDEF0189+/=", 60) or None
    key = "AKID" + text(rng, "ABCDEF0123", 12)
    secret = text(rng, "abcDEF0189+/=", 40) or "x"
    region = rng.choice(["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"])
    service = rng.choice(["ssm", "secretsmanager", "service", "sts"])
    when = datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=rng.randint(0, 1_500_000_000))

    request = AWSRequest(method=method, url=f"http://{host}{target}", data=body)
    request.headers["Host"] = host
    for name, value in lines:
        request.headers.add_header(name, value)
    signer = auth.SigV4Auth(Credentials(key, secret, token), service, region)
    with mock.patch.object(auth, "get_current_datetime", lambda *a, **k: when):
        signer.add_auth(request)
    return {
        "method": method, "target": target or "/", "host": host, "fields": lines, "body": body.hex(),
        "key": key, "secret": secret, "token": token, "region": region, "service": service,
        "seconds": int((when - datetime.datetime(1970, 1, 1)).total_seconds()),
        "authorization": request.headers["Authorization"],
    }


def main() -> None:
    rng = random.Random(int(sys.argv[1]))
    lines = ",\n".join(json.dumps(vector(rng)) for _ in range(int(sys.argv[2])))
    print(f"[\n{lines}\n]")


main()
