/* Makes ThreadSanitizer see the slow path of Synchronization.Mutex.
 *
 * An uncontended Mutex is locked and unlocked by atomic operations that are compiled into the caller, which the sanitizer
 * instruments. A contended one waits on a futex inside libswiftSynchronization, which is not instrumented, so the sanitizer
 * would report false races on everything that the lock protects. These functions interpose the library's own (LD_PRELOAD),
 * call them, and announce the ordering to the sanitizer. Nothing is suppressed: unprotected data is still reported.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

/* From the sanitizer's runtime. Weak, because programs that the test program starts do not contain it. */
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

typedef SWIFT void Lock(uint32_t thread, SELF void *self);
typedef SWIFT bool TryLock(SELF void *self);
typedef SWIFT void Unlock(SELF void *self);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

/* The library's own function, which must exist. */
static void *next(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) abort();
    return found;
}

SWIFT void lock_slow(uint32_t thread, SELF void *self) __asm__(LOCK);
SWIFT void lock_slow(uint32_t thread, SELF void *self) {
    ((Lock *)next(LOCK))(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT bool try_lock_slow(SELF void *self) __asm__(TRY_LOCK);
SWIFT bool try_lock_slow(SELF void *self) {
    bool is_locked = ((TryLock *)next(TRY_LOCK))(self);
    if (is_locked && __tsan_acquire) __tsan_acquire(self);
    return is_locked;
}

SWIFT void unlock_slow(SELF void *self) __asm__(UNLOCK);
SWIFT void unlock_slow(SELF void *self) {
    if (__tsan_release) __tsan_release(self);
    ((Unlock *)next(UNLOCK))(self);
}
