#define _GNU_SOURCE
#include "signal_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static int ends[2] = {-1, -1};
// A copy for the handler, which may run while `ends` is being set.
static atomic_int writing_end = -1;

static void write_number(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe holds thousands of unread signals; dropping another one loses nothing.
    (void)!write(atomic_load(&writing_end), &byte, 1);
    errno = saved;
}

static void discard(int number) { (void)number; }

static int handle(const int *numbers, int count, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    for (int index = 0; index < count; index++) {
        // A tool such as valgrind may reserve a real-time signal for itself. Nothing else sends that signal then.
        if (sigaction(numbers[index], &action, NULL) != 0 && numbers[index] < SIGRTMIN) return -1;
    }
    return 0;
}

int latchkey_signal_discard(const int *numbers, int count) { return handle(numbers, count, discard); }

int latchkey_signal_pipe_install(const int *numbers, int count) {
    if (ends[0] < 0) {
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
        atomic_store(&writing_end, ends[1]);
    }
    return handle(numbers, count, write_number) == 0 ? ends[0] : -1;
}
