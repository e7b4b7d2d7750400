#include "terminal.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct {
    int input, output;
    struct termios before;
    char leave[128];
    size_t count;
} terminal;

static atomic_int entered;

static int write_all(int descriptor, const char *text, size_t count) {
    while (count) {
        ssize_t written = write(descriptor, text, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return -1;
        text += written;
        count -= (size_t)written;
    }
    return 0;
}

int latchkey_terminal_enter(int input, int output, const char *enter, const char *leave) {
    if (atomic_load(&entered)) return 0;
    size_t count = strlen(leave);
    if (count >= sizeof terminal.leave) {
        errno = EINVAL;
        return -1;
    }
    if (tcgetattr(input, &terminal.before) != 0) return -1;
    terminal.input = input;
    terminal.output = output;
    memcpy(terminal.leave, leave, count);
    terminal.count = count;
    struct termios raw = terminal.before;
    raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP | BRKINT);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(input, TCSAFLUSH, &raw) != 0) return -1;
    atomic_store(&entered, 1);
    return write_all(output, enter, strlen(enter));
}

void latchkey_terminal_leave(void) {
    if (!atomic_exchange(&entered, 0)) return;
    int saved = errno;
    (void)write_all(terminal.output, terminal.leave, terminal.count);
    (void)tcsetattr(terminal.input, TCSANOW, &terminal.before);
    errno = saved;
}

int latchkey_terminal_size(int descriptor, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || !size.ws_col || !size.ws_row) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}
