// The memory of a TLS connection in slots of whole pages. In glibc's allocator it lies between small blocks that stay, so that
// nearly all of it is kept when thousands of connections have closed.
#define _GNU_SOURCE
#include "slots.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define LATCHKEY_SANITIZED
#endif
#endif

// The two buffers of 16,384 connections, and 1 GiB of addresses in all. What is beyond comes from malloc(3).
#define SLOTS 32768
// Freed slots that keep their pages, so that connections which come and go cost no page faults.
#define WARM 64
// Slots that become accessible at once.
#define STEP 64
#define PAGE 4096

// Slots of one size. The lock is held no longer than it takes to overwrite one.
struct slots {
    const size_t smallest;
    const size_t size;
    char *base;
    // The number of slots that were ever used.
    uint32_t used;
    uint32_t warm_count;
    uint32_t warm[WARM];
    uint32_t cold_count;
    uint32_t *cold;
    pthread_mutex_t lock;
};

// The state of a connection is 6 to 8 KiB, each of its two buffers one TLS record of up to 16 KiB with its overhead, and the
// buffer of a handshake 21.3 KiB.
static struct slots classes[] = {
    {.smallest = PAGE + 1, .size = 2 * PAGE, .lock = PTHREAD_MUTEX_INITIALIZER},
    {.smallest = 2 * PAGE + 1, .size = 6 * PAGE, .lock = PTHREAD_MUTEX_INITIALIZER},
};
#define CLASSES (sizeof(classes) / sizeof(classes[0]))

int latchkey_slots_prepare(void) {
#ifdef LATCHKEY_SANITIZED
    return 0;
#else
    for (size_t index = 0; index < CLASSES; index++) {
        struct slots *slots = &classes[index];
        if (slots->base) continue;
        char *base = mmap(NULL, SLOTS * slots->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        uint32_t *cold =
            mmap(NULL, SLOTS * sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (base == MAP_FAILED || cold == MAP_FAILED) return 0;
        // Decrypted requests are no part of a core dump.
        madvise(base, SLOTS * slots->size, MADV_DONTDUMP);
        slots->base = base;
        slots->cold = cold;
    }
    return 1;
#endif
}

static struct slots *for_count(size_t count) {
    for (size_t index = 0; index < CLASSES; index++) {
        struct slots *slots = &classes[index];
        if (slots->base && count >= slots->smallest && count <= slots->size) return slots;
    }
    return NULL;
}

static struct slots *of(const void *memory) {
    for (size_t index = 0; index < CLASSES; index++) {
        struct slots *slots = &classes[index];
        if (slots->base && (uintptr_t)memory - (uintptr_t)slots->base < SLOTS * slots->size) return slots;
    }
    return NULL;
}

// A slot of zeros; NULL if there is none.
static void *take(struct slots *slots) {
    char *memory = NULL;
    pthread_mutex_lock(&slots->lock);
    if (slots->warm_count > 0) {
        memory = slots->base + slots->warm[--slots->warm_count] * slots->size;
    } else if (slots->cold_count > 0) {
        memory = slots->base + slots->cold[--slots->cold_count] * slots->size;
    } else if (slots->used < SLOTS) {
        char *next = slots->base + slots->used * slots->size;
        if (slots->used % STEP != 0 || mprotect(next, STEP * slots->size, PROT_READ | PROT_WRITE) == 0) {
            memory = next;
            slots->used++;
        }
    }
    pthread_mutex_unlock(&slots->lock);
    return memory;
}

static void give_back(struct slots *slots, void *memory) {
    uint32_t number = (uint32_t)(((uintptr_t)memory - (uintptr_t)slots->base) / slots->size);
    pthread_mutex_lock(&slots->lock);
    int is_warm = slots->warm_count < WARM;
    if (is_warm) {
        memset(memory, 0, slots->size);
        slots->warm[slots->warm_count++] = number;
    }
    pthread_mutex_unlock(&slots->lock);
    if (is_warm) return;
    // Also overwrites it: the next use finds new pages of zeros. This cannot fail for private memory that is not locked.
    if (madvise(memory, slots->size, MADV_DONTNEED) != 0) memset(memory, 0, slots->size);
    pthread_mutex_lock(&slots->lock);
    slots->cold[slots->cold_count++] = number;
    pthread_mutex_unlock(&slots->lock);
}

void *latchkey_slots_allocate(size_t count, const char *file, int line) {
    (void)file, (void)line;
    struct slots *slots = for_count(count);
    void *memory = slots ? take(slots) : NULL;
    return memory ? memory : malloc(count);
}

void *latchkey_slots_reallocate(void *memory, size_t count, const char *file, int line) {
    if (!memory) return latchkey_slots_allocate(count, file, line);
    if (count == 0) {
        latchkey_slots_free(memory, file, line);
        return NULL;
    }
    struct slots *slots = of(memory);
    if (slots && count <= slots->size) return memory;
    if (!slots && !for_count(count)) return realloc(memory, count);
    size_t present = slots ? slots->size : malloc_usable_size(memory);
    void *moved = latchkey_slots_allocate(count, file, line);
    if (!moved) return NULL;
    memcpy(moved, memory, present < count ? present : count);
    latchkey_slots_free(memory, file, line);
    return moved;
}

void latchkey_slots_free(void *memory, const char *file, int line) {
    (void)file, (void)line;
    struct slots *slots = of(memory);
    if (slots)
        give_back(slots, memory);
    else
        free(memory);
}
