// Overwrites memory when it is freed, so that strings, JSON values and buffers leave no copies of secrets behind. It replaces
// `free` and `realloc` for the whole process, the Swift runtime and shared libraries included (glibc manual, "Replacing
// malloc"). Memory still comes from glibc's allocator.
#include "wipe.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define LATCHKEY_SANITIZED
#endif
#endif

#if defined(__GLIBC__) && !defined(LATCHKEY_SANITIZED)

extern void __libc_free(void *memory);

// Blocks that glibc has mapped alone, for 128 KiB or more, go back to the kernel when they are freed. Overwriting them would
// only make the kernel provide pages that were never used. The flag is in the size before the block.
static int is_mapped_alone(void *memory) { return (((const size_t *)memory)[-1] & 2) != 0; }

static void wipe(void *memory, size_t count) {
    memset(memory, 0, count);
    // The memory is not read again, and the compiler must not conclude that it need not be written.
    __asm__ volatile("" : : "r"(memory) : "memory");
}

void free(void *memory) {
    if (!memory) return;
    if (!is_mapped_alone(memory)) wipe(memory, malloc_usable_size(memory));
    __libc_free(memory);
}

void *realloc(void *memory, size_t count) {
    if (!memory) return malloc(count);
    if (count == 0) {
        free(memory);
        return NULL;
    }
    size_t usable = malloc_usable_size(memory);
    if (count <= usable && count >= usable / 2) {
        wipe((char *)memory + count, usable - count);
        return memory;
    }
    void *moved = malloc(count);
    if (!moved) return NULL;
    memcpy(moved, memory, count < usable ? count : usable);
    free(memory);
    return moved;
}

int latchkey_wipes_freed_memory(void) { return 1; }

#else

int latchkey_wipes_freed_memory(void) { return 0; }

#endif
