#ifndef LATCHKEY_SLOTS_H
#define LATCHKEY_SLOTS_H
#include <stddef.h>
// An allocator for libcrypto (CRYPTO_set_mem_functions(3)). Blocks of 4 to 24 KiB, the buffers and the state of a TLS connection,
// get slots of whole pages, which go back to the kernel when they are freed. All other blocks are those of malloc(3).

// Reserves the addresses of the slots. Must be called once, before the other functions, while the process has one thread.
// Returns 1; 0 if there are no slots, because the addresses cannot be reserved, or in a build with a sanitizer.
int latchkey_slots_prepare(void);

// As malloc(3), realloc(3) and free(3). `file` and `line` are not used.
void *latchkey_slots_allocate(size_t count, const char *file, int line);
void *latchkey_slots_reallocate(void *memory, size_t count, const char *file, int line);
void latchkey_slots_free(void *memory, const char *file, int line);
#endif
