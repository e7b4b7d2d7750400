"""The targets of the package and the modules each may import. Package.swift and Architecture.md are checked against it."""

from __future__ import annotations

#: The targets below Sources, in the order of Architecture.md, and the package's own modules each may import: only targets
#: above it.
SOURCES: dict[str, set[str]] = {
    "CLinux": set(),
    "CSignals": set(),
    "CConfine": set(),
    "COpenAPI": set(),
    "CWipe": set(),
    "CBuild": set(),
    "CSlots": set(),
    "COpenSSL": set(),
    "CZlib": set(),
    "LatchkeyCore": set(),
    "LatchkeyLog": set(),
    "LatchkeyConfine": {"LatchkeyCore", "CConfine"},
    "LatchkeyNet": {"LatchkeyCore", "CLinux", "CSignals"},
    "LatchkeyCrypto": {"LatchkeyCore", "COpenSSL", "CSlots"},
    "LatchkeyAudit": {"LatchkeyCore", "LatchkeyCrypto"},
    "LatchkeyMetrics": {"LatchkeyCore"},
    "LatchkeyHTTP": {"LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyMetrics", "CZlib"},
    "LatchkeyAWS": {"LatchkeyCore", "LatchkeyHTTP", "LatchkeyCrypto"},
    "LatchkeyUpstream": {
        "LatchkeyCore", "LatchkeyLog", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto", "LatchkeyMetrics",
    },
    "LatchkeyBroker": {"LatchkeyCore", "LatchkeyLog", "LatchkeyCrypto", "LatchkeyMetrics"},
    "LatchkeyMigration": {"LatchkeyCore", "LatchkeyCrypto"},
    "LatchkeyTop": {"LatchkeyCore"},
    "LatchkeyDev": {"LatchkeyCore", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto"},
    "LatchkeySettings": {
        "LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyUpstream", "LatchkeyBroker",
    },
    "LatchkeyAPI": {
        "LatchkeyCore", "LatchkeyLog", "LatchkeyCrypto", "LatchkeyAudit", "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS",
        "LatchkeyBroker", "COpenAPI",
    },
    "LatchkeyService": {
        "LatchkeyCore", "LatchkeyLog", "LatchkeyConfine", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyAudit",
        "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyUpstream", "LatchkeyBroker", "LatchkeySettings", "LatchkeyAPI",
    },
    "latchkey": {
        "LatchkeyCore", "LatchkeyLog", "LatchkeyConfine", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyAudit",
        "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyUpstream", "LatchkeyBroker", "LatchkeyMigration", "LatchkeyDev",
        "LatchkeySettings",
        "LatchkeyAPI", "LatchkeyService", "LatchkeyTop", "CLinux", "CSignals", "CWipe", "CBuild",
    },
}

#: Targets that several test targets use: the folder, and the package's own modules each may import.
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
    "CProbe": ("Tests/Confinement/CProbe", set()),
    "confinement-probe": ("Tests/Confinement/confinement-probe", {"LatchkeyConfine", "CProbe"}),
    "code-tables": (
        "Tests/CodeTables/code-tables",
        {"LatchkeyCore", "LatchkeyLog", "LatchkeyMetrics", "LatchkeyBroker", "LatchkeySettings", "LatchkeyAPI"},
    ),
    "FuzzTargets": (
        "Tests/Fuzz/Targets",
        {
            "LatchkeyCore", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyUpstream", "LatchkeyBroker",
            "LatchkeyMigration", "LatchkeySettings", "LatchkeyAudit",
        },
    ),
}

#: Modules that test targets may import besides the tested target, its own imports and LatchkeyTestSupport.
TESTS_BESIDE: dict[str, set[str]] = {
    "LatchkeyBrokerTests": {"Fleet"},
    "LatchkeyDevTests": {"LatchkeyUpstream", "LatchkeyMetrics"},
    "latchkeyTests": {"FuzzTargets"},
}

#: Modules from outside the package, and the targets that may import them.
OUTSIDE: dict[str, set[str]] = {
    "Synchronization": {
        "LatchkeyCore", "LatchkeyNet", "LatchkeyMetrics", "LatchkeyCrypto", "LatchkeyAudit", "LatchkeyHTTP",
        "LatchkeyUpstream", "LatchkeyBroker", "LatchkeyDev", "LatchkeyAPI", "LatchkeyService", "latchkey", "LatchkeyTestSupport",
    },
    "Glibc": {
        "LatchkeyCore", "LatchkeyConfine", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyAudit", "LatchkeyHTTP",
        "LatchkeyUpstream", "LatchkeyService", "latchkey", "LatchkeyTestSupport", "fleet-simulation", "confinement-probe",
    },
    "Dispatch": {
        "LatchkeyNet", "LatchkeyHTTP", "LatchkeyUpstream", "LatchkeyAPI", "LatchkeyService", "latchkey",
    },
    "Logging": {
        "LatchkeyLog", "LatchkeyUpstream", "LatchkeyBroker", "LatchkeySettings", "LatchkeyAPI", "LatchkeyService", "latchkey",
    },
    "ArgumentParser": {"latchkey"},
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
    tested = target.removesuffix("Tests")
    if tested in SOURCES:
        return {tested, "LatchkeyTestSupport"} | SOURCES[tested] | TESTS_BESIDE.get(target, set()) | OUTSIDE_TESTS
    return set()


def folder(target: str) -> str:
    """The folder of the target's files."""
    if target in SHARED:
        return SHARED[target][0]
    return f"Sources/{target}" if target in SOURCES else f"Tests/{target}"
