"""Many brokers that share one store, each with its own proxy to the issuer, and callers that request tokens continuously."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import jwt

from .broker import Broker
from .crowd import crowd
from .issuer import Issuer
from .promises import caller_waits
from .proxy import Fault, FaultProxy
from .waiting import until
from .world import World


@dataclass(frozen=True)
class Call:
    """The answer that one caller got."""

    broker: int
    status: int
    token: str
    asked_at: float
    seconds: float

    @property
    def expiry(self) -> float:
        return float(jwt.decode(self.token, options={"verify_signature": False})["exp"])


class Fleet:
    """Brokers started together. `stop` stops the callers; the world stops the brokers."""

    #: Maximum wait of a caller on a machine that runs a few brokers.
    bound = caller_waits()
    #: Settings of a crowd of brokers. They share one moto, which answers one at a time: on a busy machine the last of them
    #: waits longer than most tests' upstream timeout, and would rightly ask the issuer itself.
    CROWD = {"LATCHKEY_UPSTREAM_TIMEOUT": "5"}

    def __init__(
        self, world: World, size: int, issuer: Issuer | None = None, fault: Fault | None = None, **extra: str
    ) -> None:
        """`fault` applies from the start to the requests of every broker to the issuer."""
        self.bound = caller_waits(float(extra.get("LATCHKEY_UPSTREAM_TIMEOUT", "2")))
        self.issuer = issuer or world.issuer
        self.issuer.forget()
        self.doors = [FaultProxy(self.issuer.port) for _ in range(size)]
        for door in self.doors:
            if fault:
                door.always(fault)
        self._faults: list[Exception] = []
        self.calls: list[Call] = []
        self._stopping = threading.Event()
        self._killed: set[int] = set()
        self.brokers = [
            Broker(
                world.settings(
                    LATCHKEY_AUTH0_TOKEN_URL=f"http://127.0.0.1:{door.port}/oauth/token", LATCHKEY_WORKERS="1", **extra
                )
            )
            for door in self.doors
        ]
        world.brokers += self.brokers
        self._callers = [threading.Thread(target=self._call, args=(number,)) for number in range(size)]
        for caller in self._callers:
            caller.start()

    def _call(self, number: int) -> None:
        broker = self.brokers[number]
        broker.wait_live()
        while not self._stopping.wait(0.1) and number not in self._killed:
            asked_at = time.time()
            started = time.monotonic()
            try:
                answer = broker.token()
            except (OSError, http.client.HTTPException) as fault:
                if number not in self._killed:
                    self._faults.append(fault)
                return
            token = answer.json()["access_token"] if answer.status == 200 else ""
            self.calls.append(Call(number, answer.status, token, asked_at, time.monotonic() - started))

    def kill(self, number: int) -> None:
        """Sends SIGKILL to a broker and stops its callers."""
        self._killed.add(number)
        self.brokers[number].kill()

    def wait_served(self, within: float = 30.0) -> None:
        """Waits until every broker has served a token."""
        living = set(range(len(self.brokers))) - self._killed
        until(lambda: living <= {call.broker for call in self.calls if call.status == 200}, "all have a token", within)

    def stop(self) -> None:
        self._stopping.set()
        ended = time.time()
        for caller in self._callers:
            caller.join(30)
        assert not self._faults, f"callers were cut off: {self._faults}"
        for number in set(range(len(self.brokers))) - self._killed:
            last = max((call.asked_at for call in self.calls if call.broker == number), default=0.0)
            assert last > ended - self.bound, f"the caller of broker {number} fell silent"

    def close(self) -> None:
        """Stops the callers and the proxies to the issuer."""
        self._stopping.set()
        for caller in self._callers:
            caller.join(30)
        for door in self.doors:
            door.stop()

    def require_no_expired(self) -> None:
        late = [call for call in self.calls if call.token and call.asked_at >= call.expiry]
        assert not late, f"{len(late)} callers got an expired token"

    @property
    def tokens(self) -> set[str]:
        return {call.token for call in self.calls if call.token}

    @property
    def max_seconds(self) -> float:
        return max(call.seconds for call in self.calls)


def ask_all(brokers: Sequence[Broker]) -> list[str]:
    """The token in the memory of each broker."""
    return [crowd(broker.port, ["/token"])[0].answer.json()["access_token"] for broker in brokers]
