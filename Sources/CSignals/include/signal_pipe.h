#ifndef LATCHKEY_SIGNAL_PIPE_H
#define LATCHKEY_SIGNAL_PIPE_H
// Signals delivered through a pipe (the self-pipe trick). The pipe keeps the signals until they are read, so that none
// is lost between the start of the process and the start of the reader.

// Makes each of these signals write its number, one byte, to the pipe. Threads need no signal masks. Programs that are
// started later get the default actions again. Returns the reading end, which is non-blocking and close-on-exec, or -1
// with `errno` set. Further calls add signals to the same pipe.
int latchkey_signal_pipe_install(const int *numbers, int count);

// Makes each of these signals do nothing but interrupt a system call. Unlike ignored signals they have their default
// actions in programs that are started later. Returns -1 with `errno` set if a signal cannot be caught.
int latchkey_signal_discard(const int *numbers, int count);

#endif
