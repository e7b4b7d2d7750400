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

// prctl is variadic, which Swift cannot call.
static inline int latchkey_prctl(int option, unsigned long argument) {
    return prctl(option, argument, 0, 0, 0);
}
#endif
