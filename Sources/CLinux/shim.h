#ifndef LATCHKEY_CLINUX_H
#define LATCHKEY_CLINUX_H
// Linux calls that Swift's Glibc module map leaves out: epoll, eventfd, accept4.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>

// glibc declares accept4 only under _GNU_SOURCE, which the importer may not have set: name it ourselves.
static inline int latchkey_accept4(int fd, int flags) {
    extern int accept4(int, struct sockaddr *, socklen_t *, int);
    return accept4(fd, 0, 0, flags);
}

// prctl is variadic, which Swift cannot call.
static inline int latchkey_prctl(int option, unsigned long argument) {
    return prctl(option, argument, 0, 0, 0);
}
#endif
