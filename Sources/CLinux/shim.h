#ifndef LATCHKEY_CLINUX_H
#define LATCHKEY_CLINUX_H
// Linux calls that Swift's Glibc module map leaves out: epoll, eventfd, accept4.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

// glibc declares accept4 only under _GNU_SOURCE. Setting that here would give other types another shape than they
// have in the modules already built, so the one declaration is ours; the peer's address is never asked for.
static inline int latchkey_accept4(int fd, int flags) {
    extern int accept4(int, void *, void *, int);
    return accept4(fd, 0, 0, flags);
}

// execvpe too is declared only under _GNU_SOURCE.
static inline int latchkey_execvpe(const char *file, char *const argv[], char *const envp[]) {
    extern int execvpe(const char *, char *const[], char *const[]);
    return execvpe(file, argv, envp);
}

// The two ends of the program's own pages in memory, read-only and backed by its file. The linker defines them.
static inline const void *latchkey_program_start(void) {
    extern const char __executable_start[];
    return __executable_start;
}
static inline const void *latchkey_program_end(void) {
    extern const char etext[];
    return etext;
}

// prctl is variadic, which Swift cannot call.
static inline int latchkey_prctl(int option, unsigned long argument) {
    return prctl(option, argument, 0, 0, 0);
}
#endif
