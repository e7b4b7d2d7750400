"""Which versions of its libraries the executable needs: no newer ones than the oldest supported systems have.

Amazon Linux 2023, AWS Lambda's provided.al2023 and RHEL 9 have glibc 2.34, libstdc++ of GCC 11 and OpenSSL 3.0 or later.
"""

from __future__ import annotations

import re
import subprocess

import pytest

from peers.broker import BINARY

#: The newest version of each library's symbols that those systems have. GCC 11 is GLIBCXX_3.4.29 and CXXABI_1.3.13.
NEWEST = {
    "GLIBC": (2, 34), "OPENSSL": (3, 0, 0), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (11, 0, 0), "ZLIB": (1, 2, 11),
}


def needed() -> set[str]:
    """The symbol versions that the dynamic linker must find, such as GLIBC_2.34."""
    done = subprocess.run(["readelf", "--version-info", "--wide", BINARY], capture_output=True, text=True, check=True)
    section = done.stdout.partition("Version needs section")[2]
    return set(re.findall(r"Name: (\S+)", section))


@pytest.fixture(scope="module")
def versions(binary) -> set[str]:
    found = needed()
    assert {"GLIBC_2.34"} <= found, found
    return found


def test_no_symbol_is_newer_than_the_oldest_supported_system(versions: set[str]) -> None:
    for version in sorted(versions):
        name, _, number = version.rpartition("_")
        assert name in NEWEST, f"{version} is a library or a mark that this test does not know"
        parts = tuple(int(part) for part in number.split("."))
        assert parts <= NEWEST[name], version


def test_relative_relocations_are_not_packed(versions: set[str]) -> None:
    """glibc before 2.36 refuses a program with this mark."""
    assert "GLIBC_ABI_DT_RELR" not in versions
