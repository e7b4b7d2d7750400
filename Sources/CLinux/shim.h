#ifndef LATCHKEY_CLINUX_H
#define LATCHKEY_CLINUX_H
// Linux calls that Swift's Glibc module map does not include: epoll, eventfd, accept4, prctl.
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

// glibc declares accept4 only with _GNU_SOURCE. That macro would change types that other modules were built with, so
// the function is declared here. The peer's address is not needed.
static inline int latchkey_accept4(int fd, int flags) {
    extern int accept4(int, void *, void *, int);
    return accept4(fd, 0, 0, flags);
}

// Also declared only with _GNU_SOURCE.
static inline int latchkey_execvpe(const char *file, char *const argv[], char *const envp[]) {
    extern int execvpe(const char *, char *const[], char *const[]);
    return execvpe(file, argv, envp);
}

// The start and end of the program's code in memory, which the linker defines.
static inline const void *latchkey_program_start(void) {
    extern const char __executable_start[];
    return __executable_start;
}
static inline const void *latchkey_program_end(void) {
    extern const char etext[];
    return etext;
}

// Gives pages of freed memory back to the kernel. Takes milliseconds for each 10 MiB, and locks glibc's arenas meanwhile.
static inline void latchkey_trim_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

// Swift cannot call variadic functions.
static inline int latchkey_prctl(int option, unsigned long argument) {
    return prctl(option, argument, 0, 0, 0);
}
#endif
