#ifndef LATCHKEY_STOP_H
#define LATCHKEY_STOP_H
// Signals told through a pipe. What is written stays there until it is read, so a signal is not lost however soon it
// comes: one that is ignored until its reader has been set up would be.

// Has each of these signals write its number, one byte, to a pipe. Threads need no signal masks, and a program that
// is started later gets the standard actions again. Returns the end to read from, which does not block and is closed
// in started programs, or -1 with `errno` set. Each further call adds signals to the same pipe.
int latchkey_stop_install(const int *numbers, int count);

// Has each of these signals do nothing, except to interrupt a wait. A program that is started later gets the standard
// actions again, which it would not where they were ignored. Returns -1 with `errno` set where one cannot be caught.
int latchkey_stop_survive(const int *numbers, int count);

#endif
