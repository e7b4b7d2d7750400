"""A terminal for full-screen programs: a pseudo-terminal, and what its screen shows (the sequences of ECMA-48 they use)."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping
from pathlib import Path

#: One control sequence, its parts, or text.
_PIECES = re.compile(rb"\x1b\[(\??)([0-9;]*)([@-~])|([^\x1b]+)|(\x1b)", re.S)


class Screen:
    """What a terminal of this size shows after these bytes."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        #: The private modes that are on.
        self.modes: set[str] = {"7", "25"}
        self.styles: set[str] = set()

    @property
    def text(self) -> str:
        return "\n".join("".join(line).rstrip() for line in self.cells)

    def feed(self, data: bytes) -> None:
        for private, numbers, final, text, _ in _PIECES.findall(data):
            if text:
                self._write(text.decode())
            elif final:
                self._control(bool(private), numbers.decode(), final.decode())

    def _control(self, private: bool, numbers: str, final: str) -> None:
        if private:
            (self.modes.add if final == "h" else self.modes.discard)(numbers)
        elif final == "H":
            row, column = (int(part) for part in numbers.split(";"))
            self.row, self.column = row - 1, column - 1
        elif final == "m":
            self.styles.add(numbers)
        elif final == "J":
            first = 0 if numbers == "2" else self.row
            for line in self.cells[first:]:
                line[:] = [" "] * self.columns
        else:
            raise AssertionError(f"an unexpected sequence: {numbers}{final}")

    def _write(self, text: str) -> None:
        for character in text:
            if character in "\r\n":
                continue
            assert self.row < self.rows and self.column < self.columns, "text beyond the screen"
            self.cells[self.row][self.column] = character
            self.column += 1


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, command: list[str | Path], env: Mapping[str, str], columns: int, rows: int) -> None:
        self.parent, self.child_end = pty.openpty()
        self.before = termios.tcgetattr(self.child_end)
        self.size = (columns, rows)
        self._set_size()
        self.output = b""
        #: Where the output for this size begins. What was written meanwhile for the size before is cleared after it.
        self._resized_at = 0
        self._lock = threading.Lock()
        self.process = subprocess.Popen(
            command, env=dict(env), stdin=self.child_end, stdout=self.child_end, stderr=self.child_end, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self._is_open = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        # A descriptor that is being read is not closed by another thread, so that each wait is short.
        while self._is_open:
            if not select.select([self.parent], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(self.parent, 65536)
            except OSError:
                return
            with self._lock:
                self.output += data

    @property
    def written(self) -> bytes:
        with self._lock:
            return self.output

    @property
    def screen(self) -> Screen:
        """What is shown now. Sizes before the last one are not kept, because a new size is drawn as a whole."""
        screen = Screen(*self.size)
        # From the last time that the screen was cleared.
        written = self.written
        start = written.rfind(b"\x1b[2J", self._resized_at)
        for mode in re.findall(rb"\x1b\[\?\d+[hl]", written):
            screen.feed(mode)
        if start >= 0:
            modes = set(screen.modes)
            # The end may be in the middle of a sequence or a character.
            complete = written[start:written.rfind(b"\x1b[?2026l") + 8] if b"\x1b[?2026l" in written[start:] else b""
            screen.feed(complete)
            screen.modes = modes
        return screen

    def press(self, keys: str) -> None:
        os.write(self.parent, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        self.size = (columns, rows)
        self._resized_at = len(self.written)
        self._set_size()

    def _set_size(self) -> None:
        columns, rows = self.size
        fcntl.ioctl(self.parent, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def is_restored(self) -> bool:
        """Whether the terminal is as it was before the program."""
        now = termios.tcgetattr(self.child_end)
        modes = self.screen.modes
        return now[:4] == self.before[:4] and "1049" not in modes and {"7", "25"} <= modes

    def hang_up(self) -> None:
        """Closes the terminal's window."""
        if self._is_open:
            self._is_open = False
            self._reader.join()
            os.close(self.child_end)
            os.close(self.parent)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.hang_up()
