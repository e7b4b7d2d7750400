"""The code blocks of README.md and the catalogue, and the commands that run them."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .pages import documents, tokens

BIN = Path(sys.executable).parent
#: Programs that examples start and that a machine may lack.
PROGRAMS = ("node", "go", "java", "docker", "aws", "promtool")


@dataclass(frozen=True)
class Example:
    """One block of code."""

    page: str
    #: The line of the page, from 1.
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def first(self) -> str:
        return self.text.splitlines()[0]

    def command(self, folder: Path) -> list[str]:
        """The command that runs the example. Writes the example to a file in `folder` if its language needs one."""
        if self.language == "sh":
            return ["bash", "-euo", "pipefail", "-c", self.text]
        name = {"python": "example.py", "js": "example.mjs", "go": "main.go"}.get(self.language, "")
        if self.language == "java":
            name = re.findall(r"public class (\w+)", self.text)[0] + ".java"
        file = folder / name
        file.write_text(self.text)
        program = {"python": [sys.executable], "js": ["node"], "go": ["go", "run"], "java": ["java"]}[self.language]
        return [*program, str(file)]

    def needs(self) -> list[str]:
        """The programs that the example needs."""
        needed = {"js": ["node"], "go": ["go"], "java": ["java"]}.get(self.language, [])
        words = re.findall(r"[\w./-]+", self.text) if self.language == "sh" else []
        return needed + [program for program in PROGRAMS if program in words]

    def is_possible(self) -> bool:
        return all(shutil.which(program) or (BIN / program).exists() for program in self.needs())


def examples() -> Iterator[Example]:
    for page in documents():
        for token in tokens(page):
            if token.type in ("fence", "code_block"):
                line = (token.map or [0])[0] + 1
                yield Example(page.name, line, token.info.strip(), token.content)
