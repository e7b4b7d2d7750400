"""The targets of the package and what each may import. Nothing else says it: Package.swift and Architecture.md are held to it."""

from __future__ import annotations

#: The targets below Sources, in the order of Architecture.md, and the package's own modules each may import. Down only.
SOURCES: dict[str, set[str]] = {
    "CLinux": set(),
    "CSignals": set(),
    "COpenSSL": set(),
    "CZlib": set(),
    "LatchkeyCore": set(),
    "LatchkeyNet": {"LatchkeyCore", "CLinux", "CSignals"},
    "LatchkeyCrypto": {"LatchkeyCore", "COpenSSL"},
    "LatchkeyMetrics": {"LatchkeyCore"},
    "LatchkeyHTTP": {"LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyMetrics", "CZlib"},
    "LatchkeyAWS": {"LatchkeyCore", "LatchkeyHTTP", "LatchkeyCrypto"},
    "LatchkeyUpstream": {"LatchkeyCore", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto", "LatchkeyMetrics"},
    "LatchkeyBroker": {"LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics"},
    "LatchkeyMigration": {"LatchkeyCore", "LatchkeyCrypto"},
    "LatchkeyDev": {"LatchkeyCore", "LatchkeyNet", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto"},
    "LatchkeySettings": {
        "LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyUpstream", "LatchkeyBroker",
    },
    "LatchkeyAPI": {
        "LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyBroker",
    },
    "LatchkeyService": {
        "LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS",
        "LatchkeyUpstream", "LatchkeyBroker", "LatchkeySettings", "LatchkeyAPI",
    },
    "latchkey": {
        "LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS",
        "LatchkeyUpstream", "LatchkeyBroker", "LatchkeyMigration", "LatchkeyDev", "LatchkeySettings",
        "LatchkeyAPI", "LatchkeyService", "CLinux", "CSignals",
    },
}

#: What the tests share: folder, and the package's own modules it may import.
SHARED: dict[str, tuple[str, set[str]]] = {
    "LatchkeyTestSupport": ("Tests/Support", {"LatchkeyCore"}),
    "Fleet": (
        "Tests/Simulation/Fleet",
        {"LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyBroker", "LatchkeyUpstream", "LatchkeyTestSupport"},
    ),
    "fleet-simulation": ("Tests/Simulation/fleet-simulation", {"Fleet", "LatchkeyCore"}),
    "shared-config-plans": (
        "Tests/SharedConfig/shared-config-plans", {"LatchkeyCore", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyUpstream"},
    ),
    "FuzzTargets": (
        "Tests/Fuzz/Targets",
        {
            "LatchkeyCore", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyUpstream", "LatchkeyBroker", "LatchkeyMigration",
            "LatchkeySettings",
        },
    ),
}

#: What tests import beside their own target, what that target may import, and LatchkeyTestSupport.
TESTS_BESIDE: dict[str, set[str]] = {
    "LatchkeyBrokerTests": {"Fleet"},
    "LatchkeyDevTests": {"LatchkeyUpstream", "LatchkeyMetrics"},
    "latchkeyTests": {"FuzzTargets"},
}

#: Modules from outside the package, and the targets that may import them. `Testing` is for tests.
OUTSIDE: dict[str, set[str]] = {
    "Synchronization": {*SOURCES, "LatchkeyTestSupport"},
    "Glibc": {
        "LatchkeyCore", "LatchkeyNet", "LatchkeyHTTP", "LatchkeyUpstream", "LatchkeyService", "latchkey",
        "LatchkeyTestSupport", "fleet-simulation",
    },
    "Dispatch": {
        "LatchkeyNet", "LatchkeyHTTP", "LatchkeyUpstream", "LatchkeyAPI", "LatchkeyService", "latchkey",
    },
    "Logging": {
        "LatchkeyHTTP", "LatchkeyUpstream", "LatchkeyBroker", "LatchkeySettings", "LatchkeyAPI", "LatchkeyService",
        "latchkey",
    },
    "ArgumentParser": {"latchkey"},
    "FoundationEssentials": {"LatchkeyCore"},
}

#: Modules from outside the package that tests may import.
OUTSIDE_TESTS = {"Testing", "Synchronization", "Glibc", "Dispatch", "Logging", "FoundationEssentials"}


def permitted(target: str) -> set[str]:
    """Every module that the target may import."""
    outside = {module for module, targets in OUTSIDE.items() if target in targets}
    if target in SOURCES:
        return SOURCES[target] | outside
    if target in SHARED:
        return SHARED[target][1] | outside
    room = target.removesuffix("Tests")
    if room in SOURCES:
        return {room, "LatchkeyTestSupport"} | SOURCES[room] | TESTS_BESIDE.get(target, set()) | OUTSIDE_TESTS
    return set()


def folder(target: str) -> str:
    """Where the target's files are."""
    if target in SHARED:
        return SHARED[target][0]
    return f"Sources/{target}" if target in SOURCES else f"Tests/{target}"
