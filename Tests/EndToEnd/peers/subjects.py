"""A secret from Parameter Store and a token from the issuer, with one interface for tests of both."""

from __future__ import annotations

from dataclasses import dataclass

from .broker import PREFIX, Broker
from .http import Answer
from .proxy import FaultProxy, Fault, Received, mentions
from .waiting import until
from .world import World


@dataclass
class Subject:
    """A resource of the broker, and the upstream requests that it causes."""

    name: str
    world: World
    broker: Broker

    @property
    def proxy(self) -> FaultProxy:
        return self.world.aws if self.name == "secret" else self.world.auth

    def concerns(self, request: Received) -> bool:
        return self.name == "token" or mentions(f"{PREFIX}/solo")(request)

    def ask(self) -> Answer:
        return self.broker.get("/secrets/solo" if self.name == "secret" else "/token")

    def next(self, *faults: Fault) -> None:
        self.proxy.next(*faults, when=self.concerns)

    def always(self, fault: Fault) -> None:
        self.proxy.always(fault, when=self.concerns)

    @property
    def requests(self) -> list[Received]:
        return self.proxy.seen(self.concerns)

    def require_good(self, answer: Answer) -> None:
        """Checks for the correct value, read from the upstream."""
        assert answer.status == 200, answer.text
        body = answer.json()
        assert body.get("value") == "the value" or body.get("access_token", "").count(".") == 2, body

    def require_healing(self, within: float = 30.0) -> None:
        """Checks that the correct value is served after the fault, and that nothing wrong was cached."""
        self.proxy.heal()
        answer = until(lambda: (a := self.ask()).status == 200 and a, f"{self.name} after the fault", within)
        self.require_good(answer)


def prepare(world: World, name: str, **env: str) -> Subject:
    """A ready broker with nothing cached."""
    world.put("solo", "the value")
    broker = world.serve(**env)
    world.aws.forget()
    return Subject(name, world, broker)
