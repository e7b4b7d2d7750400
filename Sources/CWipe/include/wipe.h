#ifndef LATCHKEY_WIPE_H
#define LATCHKEY_WIPE_H
// 1 if memory is overwritten when it is freed: in every program that links this module, except in builds with a sanitizer and
// with a C library other than glibc.
int latchkey_wipes_freed_memory(void);
#endif
