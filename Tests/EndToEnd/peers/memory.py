"""Searches the memory of a running process for copies of a secret."""

from __future__ import annotations

import re
from pathlib import Path

#: Bytes read at once.
BLOCK = 4 << 20


def copies(pid: int, needle: str | bytes) -> list[str]:
    """Where the bytes stand in the writable memory of the process: one entry for each copy, with the name of the mapping and
    the printable bytes around it. The process must not be able to write meanwhile what is searched."""
    needle = needle.encode() if isinstance(needle, str) else needle
    found = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, access, *rest = line.split(maxsplit=5)
            if not access.startswith("rw"):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            data = read(memory, start, end)
            for match in re.finditer(re.escape(needle), data):
                around = data[max(0, match.start() - 32) : match.end() + 24]
                shown = re.sub(rb"[^ -~]+", b".", around).decode().replace(needle.decode(), "<it>")
                found.append(f"{rest[-1] if len(rest) == 4 else 'anonymous'} {start + match.start():x}: {shown}")
    return found


def read(memory, start: int, end: int) -> bytes:
    parts = []
    while start < end:
        try:
            memory.seek(start)
            part = memory.read(min(BLOCK, end - start))
        except OSError:
            break
        if not part:
            break
        parts.append(part)
        start += len(part)
    return b"".join(parts)


def locked_kib(pid: int) -> int:
    """Memory that is never written to swap, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmLck:\s+(\d+) kB$", status, re.MULTILINE)[1])


def undumped(pid: int) -> int:
    """The number of mappings that are locked and left out of core dumps."""
    flags = re.findall(r"^VmFlags: (.*)$", Path(f"/proc/{pid}/smaps").read_text(), re.MULTILINE)
    return sum({"lo", "dd"} <= set(line.split()) for line in flags)


def written_kib(pid: int) -> int:
    """Private memory that was written, in KiB. Clean pages are those of the program, which the kernel drops and reads again."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Private_Dirty: +(\d+) kB", text, re.MULTILINE)[1])
