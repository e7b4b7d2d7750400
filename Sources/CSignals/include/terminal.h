#ifndef LATCHKEY_TERMINAL_H
#define LATCHKEY_TERMINAL_H
// The terminal of a full-screen command. Written in C, so that a crash can restore it.

#include <stddef.h>

// Makes the terminal of descriptor `input` deliver each key at once and without an echo, and writes `enter` to descriptor
// `output`. `leave`, of at most 127 bytes, is what `latchkey_terminal_leave` writes. Returns -1 with `errno` set.
int latchkey_terminal_enter(int input, int output, const char *enter, const char *leave);

// Restores the terminal. Does nothing if it is not entered. May be called in a signal handler.
void latchkey_terminal_leave(void);

// Reads the size of a terminal in characters. Returns -1 if it is unknown.
int latchkey_terminal_size(int descriptor, int *columns, int *rows);

#endif
