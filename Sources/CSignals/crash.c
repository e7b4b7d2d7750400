#define _GNU_SOURCE
#include "crash.h"
#include "terminal.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define MAX_MODULES 24
#define MAX_FRAMES 16
#define STACK_BYTES (64 * 1024)

static const char hex_digits[] = "0123456789abcdef";

// Collected before a crash, because the handler must not look anything up.
static struct {
    char version[64];
    char event[32];
    char build[48];
    int json;
    struct {
        uintptr_t start, end, bias;
        char name[32];
    } modules[MAX_MODULES];
    int count;
} process;

static atomic_int installed;
// The thread that crashed first, or 0.
static atomic_int crashed_thread;

static const struct {
    int number;
    const char *name;
} signals[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGILL, "SIGILL"}, {SIGTRAP, "SIGTRAP"},
    {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"}, {SIGABRT, "SIGABRT"},
};
#define SIGNALS (int)(sizeof signals / sizeof signals[0])

// A log line. Shorter than PIPE_BUF, so that one write is atomic.
struct line {
    char bytes[3072];
    size_t count;
};

static void text(struct line *line, const char *text) {
    while (*text && line->count < sizeof line->bytes) line->bytes[line->count++] = *text++;
}

static void decimal(struct line *line, unsigned long number, int width) {
    char digits[24];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number && count < 24);
    while (count < width && count < 24) digits[count++] = '0';
    while (count && line->count < sizeof line->bytes) line->bytes[line->count++] = digits[--count];
}

static void hexadecimal(struct line *line, uintptr_t number) {
    char digits[20];
    int count = 0;
    do {
        digits[count++] = hex_digits[number & 15];
        number >>= 4;
    } while (number);
    text(line, "0x");
    while (count && line->count < sizeof line->bytes) line->bytes[line->count++] = digits[--count];
}

// RFC 3339 in UTC with milliseconds, by the civil calendar of the days since 1970-01-01.
static void timestamp(struct line *line) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    long seconds = now.tv_sec < 0 ? 0 : now.tv_sec;
    long days = seconds / 86400 + 719468, clock = seconds % 86400;
    long era = days / 146097, day = days - era * 146097;
    long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    long day_of_year = day - (365 * year + year / 4 - year / 100), month = (5 * day_of_year + 2) / 153;
    year += era * 400 + (month >= 10);
    decimal(line, (unsigned long)year, 4);
    text(line, "-");
    decimal(line, (unsigned long)(month < 10 ? month + 3 : month - 9), 2);
    text(line, "-");
    decimal(line, (unsigned long)(day_of_year - (153 * month + 2) / 5 + 1), 2);
    text(line, "T");
    decimal(line, (unsigned long)(clock / 3600), 2);
    text(line, ":");
    decimal(line, (unsigned long)(clock / 60 % 60), 2);
    text(line, ":");
    decimal(line, (unsigned long)(clock % 60), 2);
    text(line, ".");
    decimal(line, (unsigned long)(now.tv_nsec / 1000000), 3);
    text(line, "Z");
}

// `module+0xoffset`, as addr2line takes it; the bare address if no module contains it.
static void location(struct line *line, uintptr_t address) {
    for (int index = 0; index < process.count; index++) {
        if (address < process.modules[index].start || address >= process.modules[index].end) continue;
        text(line, process.modules[index].name);
        text(line, "+");
        hexadecimal(line, address - process.modules[index].bias);
        return;
    }
    hexadecimal(line, address);
}

// Reads two words through the kernel, so that an unmapped address is an error and not another crash.
static int read_words(uintptr_t address, uintptr_t words[2]) {
    struct iovec to = {words, 2 * sizeof(uintptr_t)}, from = {(void *)address, 2 * sizeof(uintptr_t)};
    return syscall(SYS_process_vm_readv, getpid(), &to, 1UL, &from, 1UL, 0UL) == (long)(2 * sizeof(uintptr_t));
}

static void backtrace_of(struct line *line, uintptr_t frame) {
    for (int depth = 0; depth < MAX_FRAMES; depth++) {
        uintptr_t words[2];
        if (!frame || frame % sizeof(uintptr_t) || !read_words(frame, words) || !words[1]) return;
        if (depth) text(line, " ");
        location(line, words[1]);
        if (words[0] <= frame) return;
        frame = words[0];
    }
}

static void field(struct line *line, const char *name) {
    text(line, process.json ? ",\"" : " ");
    text(line, name);
    text(line, process.json ? "\":\"" : "=");
}

static void end_field(struct line *line) {
    if (process.json) text(line, "\"");
}

static void render(struct line *line, int number, uintptr_t pc, uintptr_t frame) {
    const char *message = "the process crashed: report this line, and find its places with addr2line -Cfpie latchkey";
    if (process.json) text(line, "{\"ts\":\"");
    timestamp(line);
    if (process.json) {
        text(line, "\",\"level\":\"critical\",\"logger\":\"latchkey\",\"message\":\"");
        text(line, message);
        text(line, "\"");
    } else {
        text(line, " critical ");
        text(line, message);
    }
    field(line, "backtrace");
    backtrace_of(line, frame);
    end_field(line);
    field(line, "build");
    text(line, process.build);
    end_field(line);
    field(line, "event");
    text(line, process.event);
    end_field(line);
    field(line, "location");
    location(line, pc);
    end_field(line);
    field(line, "signal");
    for (int index = 0; index < SIGNALS; index++)
        if (signals[index].number == number) text(line, signals[index].name);
    end_field(line);
    field(line, "version");
    text(line, process.version);
    end_field(line);
    text(line, process.json ? "}\n" : "\n");
}

// Ends the process by the signal's default action.
static void end_by(int number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(number, &action, NULL);
    syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), number);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void handle_crash(int number, siginfo_t *info, void *context) {
    (void)info;
    int saved = errno, first = 0, thread = (int)syscall(SYS_gettid);
    if (!atomic_compare_exchange_strong(&crashed_thread, &first, thread)) {
        // If another thread crashed first, it writes its line and ends the process. A second crash of the same thread,
        // inside this handler, ends the process at once.
        while (first != thread) poll(NULL, 0, 1000);
        end_by(number);
        return;
    }
    // Otherwise the line would be lost on the alternate screen, and the shell would have no echo.
    latchkey_terminal_leave();
    ucontext_t *machine = context;
    uintptr_t pc = 0, frame = 0;
#if defined(__x86_64__)
    pc = (uintptr_t)machine->uc_mcontext.gregs[REG_RIP];
    frame = (uintptr_t)machine->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
    pc = (uintptr_t)machine->uc_mcontext.pc;
    frame = (uintptr_t)machine->uc_mcontext.regs[29];
#else
    (void)machine;
#endif
    struct line line;
    line.count = 0;
    render(&line, number, pc, frame);
    struct pollfd ready = {STDERR_FILENO, POLLOUT, 0};
    // The reader of the log may be stuck. Then the process ends without its line.
    if (poll(&ready, 1, 1000) == 1) {
        ssize_t written = write(STDERR_FILENO, line.bytes, line.count);
        (void)written;
    }
    errno = saved;
    end_by(number);
}

// Records one loaded module, and of the program its build id.
static int record_module(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    (void)data;
    if (process.count >= MAX_MODULES) return 1;
    int index = process.count, is_program = index == 0;
    process.modules[index].bias = info->dlpi_addr;
    process.modules[index].start = UINTPTR_MAX;
    for (int part = 0; part < info->dlpi_phnum; part++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[part];
        uintptr_t start = info->dlpi_addr + header->p_vaddr, end = start + header->p_memsz;
        if (header->p_type == PT_LOAD) {
            if (start < process.modules[index].start) process.modules[index].start = start;
            if (end > process.modules[index].end) process.modules[index].end = end;
        }
        if (header->p_type != PT_NOTE || !is_program) continue;
        for (uintptr_t at = start; at + sizeof(ElfW(Nhdr)) <= end;) {
            const ElfW(Nhdr) *entry = (const ElfW(Nhdr) *)at;
            const unsigned char *name = (const unsigned char *)(entry + 1);
            const unsigned char *value = name + ((entry->n_namesz + 3) & ~3U);
            if (entry->n_type == NT_GNU_BUILD_ID && entry->n_namesz == 4 && !memcmp(name, "GNU", 4)) {
                for (unsigned byte = 0; byte < entry->n_descsz && byte < 20; byte++) {
                    process.build[byte * 2] = hex_digits[value[byte] >> 4];
                    process.build[byte * 2 + 1] = hex_digits[value[byte] & 15];
                }
            }
            at = (uintptr_t)value + ((entry->n_descsz + 3) & ~3U);
        }
    }
    const char *path = is_program ? "latchkey" : info->dlpi_name, *slash = path ? strrchr(path, '/') : NULL;
    const char *short_name = slash ? slash + 1 : path ? path : "";
    size_t length = 0;
    // Only characters that need no escape in either format.
    for (const char *at = short_name; *at && length < sizeof process.modules[index].name - 1; at++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+", *at))
            process.modules[index].name[length++] = *at;
    process.count++;
    return 0;
}

// Copies a text, or what fits of it. The destination is zeroed.
static void keep(char *to, size_t size, const char *from) {
    for (size_t at = 0; from[at] && at < size - 1; at++) to[at] = from[at];
}

void latchkey_crash_stack(void) {
    if (!atomic_load(&installed)) return;
    stack_t stack;
    memset(&stack, 0, sizeof stack);
    stack.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack.ss_size = STACK_BYTES;
    if (stack.ss_sp == MAP_FAILED) return;
    if (sigaltstack(&stack, NULL) != 0) munmap(stack.ss_sp, STACK_BYTES);
}

void latchkey_crash_install(const char *version, const char *event, int json) {
    if (atomic_exchange(&installed, 1)) return;
    keep(process.version, sizeof process.version, version);
    keep(process.event, sizeof process.event, event);
    process.json = json;
    memcpy(process.build, "none", 5);
    dl_iterate_phdr(record_module, NULL);
    latchkey_crash_stack();
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handle_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    for (int index = 0; index < SIGNALS; index++) sigaction(signals[index].number, &action, NULL);
}
