"""Makes a thread of another process do one system call, to see what the kernel answers to that process."""

from __future__ import annotations

import ctypes
import os
import platform

import pytest

from .tracing import libc, stopped, waiting_in_epoll

_GETREGS, _SETREGS, _SINGLESTEP = 12, 13, 9
_WAIT_FOR_ANY_THREAD = 0x40000000
OPENAT, EXECVE, SOCKET = 257, 59, 41
AT_FDCWD = -100
#: Bytes below the stack pointer that the compiler may use (System V ABI), and more.
_RED_ZONE = 4096


class _Registers(ctypes.Structure):
    """`struct user_regs_struct` of x86-64."""

    _fields_ = [(name, ctypes.c_ulonglong) for name in (
        "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs"
    ).split()]


def system_call(pid: int, number: int, *arguments: int | str) -> int:
    """What the call returns in a thread of the process that waits in epoll: the `errno` as a negative number if it fails.
    Texts are passed as pointers to them."""
    if platform.machine() != "x86_64":
        pytest.skip("the registers are those of x86-64: this check has NOT been made")
    thread = waiting_in_epoll(pid)[0]
    with stopped(thread):
        saved = _registers(thread)
        used = _Registers.from_buffer_copy(saved)
        place = (saved.rsp - _RED_ZONE) & ~0xF
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            # The thread is in epoll_wait: before its instruction pointer there is a `syscall` instruction.
            memory.seek(saved.rip - 2)
            assert memory.read(2) == b"\x0f\x05"
            for register, argument in zip(("rdi", "rsi", "rdx", "r10"), arguments):
                if isinstance(argument, str):
                    text = argument.encode() + b"\0"
                    place = (place - len(text)) & ~0xF
                    memory.seek(place)
                    memory.write(text)
                    argument = place
                setattr(used, register, argument % 2**64)
        used.rip, used.rax, used.orig_rax = saved.rip - 2, number, 2**64 - 1
        _ptrace(_SETREGS, thread, used)
        _ptrace(_SINGLESTEP, thread, None)
        _, status = os.waitpid(thread, _WAIT_FOR_ANY_THREAD)
        assert os.WIFSTOPPED(status), f"the thread did not survive the call: {status}"
        result = ctypes.c_longlong(_registers(thread).rax).value
        _ptrace(_SETREGS, thread, saved)
    return result


def _registers(thread: int) -> _Registers:
    registers = _Registers()
    _ptrace(_GETREGS, thread, registers)
    return registers


def _ptrace(request: int, thread: int, data: _Registers | None) -> None:
    pointer = ctypes.cast(ctypes.byref(data), ctypes.c_void_p) if data is not None else None
    if libc.ptrace(request, thread, None, pointer) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
