"""A stand-in for both of AWS's stores and the issuer that holds whatever text a test gives it, of any size.

moto holds parameters to AWS's lengths, and an issuer writes its own answers. What a test sends as a secret, a stored
token or an issuer's answer is therefore kept here, and is answered as AWS and RFC 6749 say.
"""

from __future__ import annotations

import json
from typing import Any

from .faults import AMZ_JSON, JSON
from .proxy import ProxiedRequest, FaultProxy, answer

ACCOUNT, REGION = "111122223333", "us-east-1"
#: Parameters on one page of a listing (SSM API Reference, GetParametersByPath).
PAGE = 10

#: A valid member of the issuer's answer.
TOKEN = "opaque-token-3f7a91c05be24d68"
GRANT = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}


class TextStore:
    """Parameter Store, Secrets Manager and a token endpoint on one port. Every change counts as another version."""

    def __init__(self) -> None:
        #: Texts by the parameter's full name; a secret's id is that name without its first slash.
        self.texts: dict[str, str] = {}
        #: The answer of the token endpoint.
        self.grant, self.grant_status = json.dumps(GRANT), 200
        #: Additional header fields of each answer.
        self.fields: list[tuple[str, str]] = []
        #: Status and body of every answer of Parameter Store, instead of the texts.
        self.refusal: tuple[int, bytes] | None = None
        #: The name of every parameter in an answer, instead of its own.
        self.renamed: str | None = None
        self._versions: dict[str, int] = {}
        self.proxy = FaultProxy()
        self.proxy.always(self._answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.proxy.port}"

    def settings(self) -> dict[str, str]:
        """The settings of a broker that uses this store, without rate limits."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "LATCHKEY_AUTH0_TOKEN_URL": f"{self.url}/oauth/token",
            "AUTH0_DOMAIN": "issuer.test",
            "AUTH0_CLIENT_ID": "client-of-the-tests",
            "AUTH0_CLIENT_SECRET": "client-secret-6d0c94e21fb7",
            "AUTH0_AUDIENCE": "https://api.orders.test",
            "LATCHKEY_SSM_MAX_TPS": "10000",
            "LATCHKEY_ISSUE_BUDGET_PER_HOUR": "10000",
        }

    def put(self, name: str, text: str) -> None:
        self.texts[name] = text
        self._versions[name] = self._versions.get(name, 0) + 1

    def remove(self, start: str) -> None:
        """Removes every text with this prefix; versions start again."""
        for name in [name for name in self.texts if name.startswith(start)]:
            del self.texts[name], self._versions[name]

    def stop(self) -> None:
        self.proxy.stop()

    def _answer(self, proxied: ProxiedRequest) -> bool:
        if proxied.request.target.startswith("/oauth/"):
            proxied.send(answer(self.grant_status, self.grant.encode(), [JSON, *self.fields]))
            return True
        status, body = self.refusal or self._of_aws(proxied.request.operation, json.loads(proxied.request.body))
        proxied.send(answer(status, body, [AMZ_JSON, *self.fields]))
        return True

    def _of_aws(self, operation: str, asked: dict[str, Any]) -> tuple[int, bytes]:
        if operation == "GetParameters":
            found = [name for name in asked["Names"] if name in self.texts]
            missing = [name for name in asked["Names"] if name not in self.texts]
            return well({"Parameters": [self._parameter(name) for name in found], "InvalidParameters": missing})
        if operation == "GetParameter" and asked["Name"] in self.texts:
            return well({"Parameter": self._parameter(asked["Name"])})
        if operation == "GetParametersByPath":
            return well(self._page(asked["Path"], int(asked.get("NextToken", 0))))
        if operation == "PutParameter" and not asked.get("Overwrite") and asked["Name"] in self.texts:
            return 400, json.dumps({"__type": "ParameterAlreadyExists", "message": "there is one"}).encode()
        if operation == "PutParameter":
            self.put(asked["Name"], asked["Value"])
            return well({"Version": self._versions[asked["Name"]]})
        if operation == "ListSecrets":
            return well({"SecretList": [{"Name": name[1:], "ARN": self._secret(name[1:])["ARN"]} for name in sorted(self.texts)]})
        if operation == "GetSecretValue" and f"/{asked['SecretId']}" in self.texts:
            return well(self._secret(asked["SecretId"]))
        missing = "ResourceNotFoundException" if "SecretId" in asked else "ParameterNotFound"
        return 400, json.dumps({"__type": missing, "message": "there is none"}).encode()

    def _parameter(self, name: str) -> dict[str, Any]:
        return {
            "Name": self.renamed or name, "Type": "SecureString", "Value": self.texts[name], "Version": self._versions[name],
            "ARN": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}", "DataType": "text",
        }

    def _secret(self, name: str) -> dict[str, Any]:
        return {
            "Name": name, "SecretString": self.texts[f"/{name}"], "VersionStages": ["AWSCURRENT"],
            "VersionId": f"{self._versions[f'/{name}']:032d}",
            "ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-a1B2c3",
        }

    def _page(self, path: str, start: int) -> dict[str, Any]:
        names = sorted(name for name in self.texts if name.startswith(f"{path.rstrip('/')}/"))
        page = {"Parameters": [self._parameter(name) for name in names[start : start + PAGE]]}
        return page | ({"NextToken": str(start + PAGE)} if start + PAGE < len(names) else {})


def well(body: dict[str, Any]) -> tuple[int, bytes]:
    return 200, json.dumps(body).encode()
