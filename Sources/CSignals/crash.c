#define _GNU_SOURCE
#include "crash.h"

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

#define MODULES 24
#define FRAMES 16
#define STACK (64 * 1024)

// What is known before the crash: nothing is looked up in the handler.
static struct {
    char version[64];
    char build[48];
    int json;
    struct {
        uintptr_t start, end, bias;
        char name[32];
    } modules[MODULES];
    int count;
} known;

static atomic_int installed;
static atomic_int owner;

static const struct {
    int number;
    const char *name;
} signals[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGILL, "SIGILL"}, {SIGTRAP, "SIGTRAP"},
    {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"}, {SIGABRT, "SIGABRT"},
};
#define SIGNALS (int)(sizeof signals / sizeof signals[0])

// A line of bounded length: at most PIPE_BUF bytes, so that one write cannot be torn.
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
        digits[count++] = "0123456789abcdef"[number & 15];
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
    long ofYear = day - (365 * year + year / 4 - year / 100), month = (5 * ofYear + 2) / 153;
    year += era * 400 + (month >= 10);
    decimal(line, (unsigned long)year, 4);
    text(line, "-");
    decimal(line, (unsigned long)(month < 10 ? month + 3 : month - 9), 2);
    text(line, "-");
    decimal(line, (unsigned long)(ofYear - (153 * month + 2) / 5 + 1), 2);
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

// `module+0xoffset` as addr2line takes it; the bare address where no module has it.
static void location(struct line *line, uintptr_t address) {
    for (int index = 0; index < known.count; index++) {
        if (address < known.modules[index].start || address >= known.modules[index].end) continue;
        text(line, known.modules[index].name);
        text(line, "+");
        hexadecimal(line, address - known.modules[index].bias);
        return;
    }
    hexadecimal(line, address);
}

// Reads two words through the kernel: an address that is not mapped is an error and not another crash.
static int read_words(uintptr_t address, uintptr_t words[2]) {
    struct iovec to = {words, 2 * sizeof(uintptr_t)}, from = {(void *)address, 2 * sizeof(uintptr_t)};
    return syscall(SYS_process_vm_readv, getpid(), &to, 1UL, &from, 1UL, 0UL) == (long)(2 * sizeof(uintptr_t));
}

static void backtrace_of(struct line *line, uintptr_t frame) {
    for (int depth = 0; depth < FRAMES; depth++) {
        uintptr_t words[2];
        if (!frame || frame % sizeof(uintptr_t) || !read_words(frame, words) || !words[1]) return;
        if (depth) text(line, " ");
        location(line, words[1]);
        if (words[0] <= frame) return;
        frame = words[0];
    }
}

static void field(struct line *line, const char *name) {
    text(line, known.json ? ",\"" : " ");
    text(line, name);
    text(line, known.json ? "\":\"" : "=");
}

static void end_field(struct line *line) {
    if (known.json) text(line, "\"");
}

static void render(struct line *line, int number, uintptr_t pc, uintptr_t frame) {
    const char *message = "the process crashed: report this line, and find its places with addr2line -Cfpie latchkey";
    if (known.json) text(line, "{\"ts\":\"");
    timestamp(line);
    if (known.json) {
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
    text(line, known.build);
    end_field(line);
    field(line, "location");
    location(line, pc);
    end_field(line);
    field(line, "signal");
    for (int index = 0; index < SIGNALS; index++)
        if (signals[index].number == number) text(line, signals[index].name);
    end_field(line);
    field(line, "version");
    text(line, known.version);
    end_field(line);
    text(line, known.json ? "}\n" : "\n");
}

static void end_by(int number) {
    struct sigaction standard;
    memset(&standard, 0, sizeof standard);
    standard.sa_handler = SIG_DFL;
    sigaction(number, &standard, NULL);
    syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), number);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void crashed(int number, siginfo_t *info, void *context) {
    (void)info;
    int saved = errno, nobody = 0, me = (int)syscall(SYS_gettid);
    if (!atomic_compare_exchange_strong(&owner, &nobody, me)) {
        // Another thread crashed first and is writing its line; the process ends with that one.
        while (nobody != me) poll(NULL, 0, 1000);
        end_by(number);
        return;
    }
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
    // Who reads the log may have stopped: the process then ends without its line.
    if (poll(&ready, 1, 1000) == 1) {
        ssize_t written = write(STDERR_FILENO, line.bytes, line.count);
        (void)written;
    }
    errno = saved;
    end_by(number);
}

static int note(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    (void)data;
    if (known.count >= MODULES) return 1;
    int index = known.count, isProgram = index == 0;
    known.modules[index].bias = info->dlpi_addr;
    known.modules[index].start = UINTPTR_MAX;
    for (int part = 0; part < info->dlpi_phnum; part++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[part];
        uintptr_t start = info->dlpi_addr + header->p_vaddr, end = start + header->p_memsz;
        if (header->p_type == PT_LOAD) {
            if (start < known.modules[index].start) known.modules[index].start = start;
            if (end > known.modules[index].end) known.modules[index].end = end;
        }
        if (header->p_type != PT_NOTE || !isProgram) continue;
        for (uintptr_t at = start; at + sizeof(ElfW(Nhdr)) <= end;) {
            const ElfW(Nhdr) *entry = (const ElfW(Nhdr) *)at;
            const unsigned char *name = (const unsigned char *)(entry + 1);
            const unsigned char *value = name + ((entry->n_namesz + 3) & ~3U);
            if (entry->n_type == NT_GNU_BUILD_ID && entry->n_namesz == 4 && !memcmp(name, "GNU", 4)) {
                for (unsigned byte = 0; byte < entry->n_descsz && byte < 20; byte++) {
                    known.build[byte * 2] = "0123456789abcdef"[value[byte] >> 4];
                    known.build[byte * 2 + 1] = "0123456789abcdef"[value[byte] & 15];
                }
            }
            at = (uintptr_t)value + ((entry->n_descsz + 3) & ~3U);
        }
    }
    const char *path = isProgram ? "latchkey" : info->dlpi_name, *slash = path ? strrchr(path, '/') : NULL;
    const char *short_name = slash ? slash + 1 : path ? path : "";
    size_t length = 0;
    // Only what needs no escape in either format.
    for (const char *at = short_name; *at && length < sizeof known.modules[index].name - 1; at++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+", *at))
            known.modules[index].name[length++] = *at;
    known.count++;
    return 0;
}

void latchkey_crash_stack(void) {
    if (!atomic_load(&installed)) return;
    stack_t stack;
    memset(&stack, 0, sizeof stack);
    stack.ss_sp = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack.ss_size = STACK;
    if (stack.ss_sp == MAP_FAILED) return;
    if (sigaltstack(&stack, NULL) != 0) munmap(stack.ss_sp, STACK);
}

void latchkey_crash_install(const char *version, int json) {
    if (atomic_exchange(&installed, 1)) return;
    size_t length = 0;
    for (; version[length] && length < sizeof known.version - 1; length++) known.version[length] = version[length];
    known.json = json;
    memcpy(known.build, "none", 5);
    dl_iterate_phdr(note, NULL);
    latchkey_crash_stack();
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = crashed;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    for (int index = 0; index < SIGNALS; index++) sigaction(signals[index].number, &action, NULL);
}
