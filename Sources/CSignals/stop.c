#define _GNU_SOURCE
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static int ends[2] = {-1, -1};
// Read by the handler, which may run while `ends` is being set.
static atomic_int writing = -1;

static void asked(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe holds thousands of signals that nobody has read: one more says nothing new.
    (void)!write(atomic_load(&writing), &byte, 1);
    errno = saved;
}

static void survived(int number) { (void)number; }

static int handle(const int *numbers, int count, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    for (int index = 0; index < count; index++) {
        // Who watches the process may keep a real-time signal for itself, as valgrind does: it is not sent then.
        if (sigaction(numbers[index], &action, NULL) != 0 && numbers[index] < SIGRTMIN) return -1;
    }
    return 0;
}

int latchkey_stop_survive(const int *numbers, int count) { return handle(numbers, count, survived); }

int latchkey_stop_install(const int *numbers, int count) {
    if (ends[0] < 0) {
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
        atomic_store(&writing, ends[1]);
    }
    return handle(numbers, count, asked) == 0 ? ends[0] : -1;
}
