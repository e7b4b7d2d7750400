#ifndef LATCHKEY_CRASH_H
#define LATCHKEY_CRASH_H
// One log line when the process crashes. Written in C, because a signal handler must not allocate, lock or initialise
// anything lazily, which Swift does not guarantee.

// Makes SIGSEGV, SIGILL, SIGTRAP, SIGBUS, SIGFPE and SIGABRT write one line to standard error and then end the process
// by the signal's default action. A terminal that was entered (terminal.h) is restored first.
// `version` is ASCII of at most 63 bytes, and `event`, the name of the line's event, of at most 31. Neither has a
// character that JSON escapes. `json` is 0 for the text format.
void latchkey_crash_install(const char *version, const char *event, int json);

// Gives the calling thread a stack of its own for the handler, so that a stack overflow is reported too. Does nothing
// before `latchkey_crash_install`.
void latchkey_crash_stack(void);

#endif
