"""Shared config and credentials files as people write them, and as they should not, from a seed.

A case is made twice: as written, with whatever spelling, comments, indents and accidents the seed brings, and clean, with
the same meaning in the plainest form. Where the SDKs' common rule reads what botocore refuses or misreads, `quirks` names
it, and the clean form says what is meant.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from .shared_config_text import Value, Writer

ARN = "arn:aws:iam::111122223333:role/{}"
NAMES = ["work", "base", "team one", "prod/eu", "caf\u00e9", "lot #7", "it's", "default", "a-b_c", "up;down"]


@dataclass
class Section:
    """A header's words and the settings below it, in order."""

    words: list[str]
    settings: list[tuple[str, Value]] = field(default_factory=list)


@dataclass
class Case:
    seed: int
    environment: dict[str, str]
    config: bytes | None
    credentials: bytes | None
    clean_environment: dict[str, str]
    clean_config: bytes | None
    clean_credentials: bytes | None
    quirks: set[str]


class Maker:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.quirks: set[str] = set()
        self.writer = Writer(self.random, self.quirks)
        self.config: list[Section] = []
        self.credentials: dict[str, list[tuple[str, Value]]] = {}
        self.keys = 0

    def with_probability(self, share: float) -> bool:
        return self.random.random() < share

    # What is meant

    def make(self) -> Case:
        names = self.random.sample(NAMES, self.random.randint(1, 5))
        if self.with_probability(0.3) and "default" not in names:
            names[0] = "default"
        for name in names:
            self.profile(name, names)
        if self.with_probability(0.15):
            self.config.append(Section(["plugins"], [("cli_legacy_plugin_path", "/opt"), ("a", "b")]))
        self.random.shuffle(self.config)
        environment = self.environment(names)
        clean_environment = {name: text for name, text in environment.items() if text.strip()}
        if clean_environment != environment:
            self.quirks.add("blank variable")
        written, clean = self.render_config()
        written_credentials, clean_credentials = self.render_credentials()
        if self.with_probability(0.15):
            written, written_credentials = self.writer.mutated(written, written_credentials)
        return Case(
            self.seed, environment, written, written_credentials, clean_environment, clean, clean_credentials, self.quirks
        )

    def profile(self, name: str, names: list[str]) -> None:
        settings: list[tuple[str, Value]] = []
        kinds = ["keys"] * 4 + ["role"] * 4 + ["source", "web", "sso", "session", "process", "process", "nothing", "half"]
        for kind in self.random.sample(kinds, self.random.choice([1, 1, 1, 2])):
            settings += getattr(self, f"make_{kind}")(names)
        settings += self.common()
        self.random.shuffle(settings)
        seen: dict[str, Value] = {}
        for key, value in settings:
            seen.setdefault(key, value)
        # A setting goes into the one file, into the other, or with different values into both.
        own: list[tuple[str, Value]] = []
        other: list[tuple[str, Value]] = []
        where = self.random.choice(["config", "config", "credentials", "mixed"])
        for key, value in seen.items():
            into = where if where != "mixed" else self.random.choice(["config", "credentials"])
            if key.startswith("aws_") and key != "aws_session_token" and where == "mixed":
                into = "credentials"
            (own if into == "config" else other).append((key, value))
            if isinstance(value, str) and self.with_probability(0.04):
                (other if into == "config" else own).append((key, self.alternative(key, value, names)))
        if own or not other or self.with_probability(0.1):
            self.config.append(Section(["default"] if name == "default" and self.with_probability(0.7) else ["profile", name], own))
        if other or self.with_probability(0.1):
            self.credentials[name] = other

    def alternative(self, key: str, value: str, names: list[str]) -> str:
        match key:
            case "source_profile": return self.random.choice(names)
            case "role_arn": return ARN.format("other")
            case "region": return "ap-south-1"
            case _: return value

    def key_pair(self) -> tuple[str, str]:
        self.keys += 1
        return f"AKIA{self.seed % 100000:05}{self.keys:03}", f"secret/{self.keys}+=="

    def make_keys(self, names: list[str]) -> list[tuple[str, Value]]:
        key_id, secret = self.key_pair()
        found: list[tuple[str, Value]] = [("aws_access_key_id", key_id), ("aws_secret_access_key", secret)]
        if self.with_probability(0.3):
            found.append(("aws_session_token", f"token/{self.keys}=="))
        if self.with_probability(0.1):
            found.append(("aws_security_token", f"older/{self.keys}=="))
        return found

    def make_half(self, names: list[str]) -> list[tuple[str, Value]]:
        key_id, secret = self.key_pair()
        return [self.random.choice([("aws_access_key_id", key_id), ("aws_secret_access_key", secret)])]

    def role_settings(self) -> list[tuple[str, Value]]:
        found: list[tuple[str, Value]] = [("role_arn", ARN.format(self.random.choice(["reader", "writer", "a/b"])))]
        if self.with_probability(0.2):
            found.append(("role_session_name", "app-1"))
        if self.with_probability(0.2):
            found.append(("external_id", "x=1"))
        if self.with_probability(0.15):
            found.append(("duration_seconds", self.random.choice(["900", "3600", "1800"])))
        if self.with_probability(0.03):
            found.append(("mfa_serial", "arn:aws:iam::111122223333:mfa/me"))
        return found

    def make_role(self, names: list[str]) -> list[tuple[str, Value]]:
        found = self.role_settings()
        if self.with_probability(0.95):
            found.append(("source_profile", self.other(names) if self.with_probability(0.95) else "nobody"))
        if self.with_probability(0.04):
            found.append(("credential_source", "Environment"))
        return found

    def other(self, names: list[str]) -> str:
        """Mostly a profile behind the last one that was made: a cycle is the exception."""
        later = [name for name in names if not any(name in section.words for section in self.config)]
        return self.random.choice(later[1:] if later[1:] and self.with_probability(0.9) else names)

    def make_source(self, names: list[str]) -> list[tuple[str, Value]]:
        sources = ["Environment", "EcsContainer", "Ec2InstanceMetadata"] * 5 + ["environment", "Other"]
        return [*self.role_settings(), ("credential_source", self.random.choice(sources))]

    def make_web(self, names: list[str]) -> list[tuple[str, Value]]:
        found = [pair for pair in self.role_settings() if pair[0] != "mfa_serial"] if self.with_probability(0.9) else []
        return [*found, ("web_identity_token_file", "/run/token")]

    def make_sso(self, names: list[str]) -> list[tuple[str, Value]]:
        found: list[tuple[str, Value]] = [
            ("sso_account_id", "111122223333"), ("sso_role_name", "Reader"), ("sso_region", "eu-west-1"),
            ("sso_start_url", "https://orders.example/start#/"),
        ]
        if self.with_probability(0.1):
            found.pop(self.random.randrange(4))
        return found

    def make_session(self, names: list[str]) -> list[tuple[str, Value]]:
        session = self.random.choice(["orders", "two words"])
        settings: list[tuple[str, Value]] = [("sso_region", "eu-west-1"), ("sso_start_url", "https://orders.example/start")]
        if self.with_probability(0.1):
            settings.pop()
        if not any(section.words == ["sso-session", session] for section in self.config) and self.with_probability(0.95):
            self.config.append(Section(["sso-session", session], settings))
        found: list[tuple[str, Value]] = [
            ("sso_session", session), ("sso_account_id", "111122223333"), ("sso_role_name", "Reader"),
        ]
        if self.with_probability(0.1):
            found.append(("sso_region", self.random.choice(["eu-west-1", "us-west-2"])))
        return found

    def make_process(self, names: list[str]) -> list[tuple[str, Value]]:
        commands = [
            "/bin/keys", "/bin/keys --team \"blue #1\" --json", "'/opt/my keys' a\\ b", "/bin/keys --a=b:c #1 ;x",
            "/bin/keys \"a\\\"b\" 'c\\d'", "/bin/keys --url http://h/?a=b",
        ] * 3 + ["/bin/keys 'open", "\"\" a"]
        return [("credential_process", self.random.choice(commands))]

    def make_nothing(self, names: list[str]) -> list[tuple[str, Value]]:
        return [("output", "json")]

    def common(self) -> list[tuple[str, Value]]:
        found: list[tuple[str, Value]] = []
        if self.with_probability(0.5):
            found.append(("region", self.random.choice(["eu-west-1", "us-east-2", "cn-north-1"] * 8 + ["\"q\"", "-bad"])))
        if self.with_probability(0.25):
            found.append(("s3", [("addressing_style", "path"), ("max_concurrent_requests", "4")]))
        if self.with_probability(0.15):
            found.append(("endpoint_url", "http://127.0.0.1:4566"))
        if self.with_probability(0.1):
            found.append(("ignore_configured_endpoint_urls", self.random.choice(["true", "false", "True"])))
        if self.with_probability(0.15):
            name = self.random.choice(["local", "far away"])
            found.append(("services", name))
            if not any(section.words == ["services", name] for section in self.config) and self.with_probability(0.95):
                blocks: list[tuple[str, Value]] = [
                    ("dynamodb", [("endpoint_url", "http://127.0.0.1:9")]), ("ssm", [("endpoint_url", "http://127.0.0.1:8")]),
                ]
                self.random.shuffle(blocks)
                self.config.append(Section(["services", name], blocks[: self.random.choice([1, 2])]))
        return found

    def environment(self, names: list[str]) -> dict[str, str]:
        found = {"HOME": "{home}", "AWS_EC2_METADATA_DISABLED": "true"}
        variable = "AWS_PROFILE" if self.with_probability(0.8) else "AWS_DEFAULT_PROFILE"
        if self.with_probability(0.85):
            found[variable] = self.random.choice(names) if self.with_probability(0.97) else "missing"
        if self.with_probability(0.02):
            found["AWS_PROFILE"], found["AWS_DEFAULT_PROFILE"] = (names * 2)[:2]
        if self.with_probability(0.85):
            found["AWS_DEFAULT_REGION"] = "us-west-1"
        if self.with_probability(0.05):
            found |= {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "env"}
            if self.with_probability(0.5):
                found[self.random.choice(["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"])] = "env-token"
            if self.with_probability(0.2):
                found.pop("AWS_SECRET_ACCESS_KEY")
        if self.with_probability(0.04):
            found["AWS_ACCESS_KEY_ID"] = self.random.choice(["", " ", "\t"])
        if self.with_probability(0.04):
            found |= {"AWS_WEB_IDENTITY_TOKEN_FILE": "/run/env-token", "AWS_ROLE_ARN": ARN.format("env")}
        if self.with_probability(0.05):
            found["AWS_ENDPOINT_URL_SSM"] = "http://127.0.0.1:7"
        return found

    # How it is written

    def render_config(self) -> tuple[bytes | None, bytes | None]:
        if not self.config and self.with_probability(0.5):
            return None, None
        written: list[str] = []
        clean: list[str] = []
        for section in self.config:
            self.writer.section(self.writer.header(section.words), self.writer.clean_header(section.words), section.settings, written, clean)
        if self.with_probability(0.03):
            self.default_twice(written, clean)
        return self.writer.lines(written), "\n".join(clean).encode()

    def default_twice(self, written: list[str], clean: list[str]) -> None:
        """`[profile default]` counts, wherever it stands, and `[default]` does not."""
        if any(section.words[-1] == "default" for section in self.config):
            return
        self.quirks.add("default twice")
        forms = [["[profile default]", "region = eu-west-1"], ["[default]", "region = us-west-2"]]
        self.random.shuffle(forms)
        written += forms[0] + forms[1]
        clean += ["[profile default]", "region = eu-west-1"]

    def render_credentials(self) -> tuple[bytes | None, bytes | None]:
        if not self.credentials and self.with_probability(0.5):
            return None, None
        written: list[str] = []
        clean: list[str] = []
        for name, settings in self.credentials.items():
            self.writer.section(name, name, settings, written, clean)
        return self.writer.lines(written), "\n".join(clean).encode()


def make(seed: int) -> Case:
    return Maker(seed).make()
