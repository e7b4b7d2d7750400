#ifndef LATCHKEY_CRASH_H
#define LATCHKEY_CRASH_H
// One log line when the process crashes. In C, because a signal handler may call nothing that allocates, locks or
// initialises itself at its first use, and Swift promises none of that.

// Has SIGSEGV, SIGILL, SIGTRAP, SIGBUS, SIGFPE and SIGABRT write one line to standard error and then end the process
// as if nobody had handled them. `version` is plain ASCII of at most 63 bytes; `json` is 0 for the text format.
void latchkey_crash_install(const char *version, int json);

// Gives the calling thread a stack of its own for that handler, so that a stack overflow is told too. Does nothing
// before `latchkey_crash_install`.
void latchkey_crash_stack(void);

#endif
