// Sends GET /token with a key to 127.0.0.1, at a rate or as fast as it is answered, and prints how long the answers took.
//
//   guessing PORT KEY ADDRESSES RATE SECONDS KEPT
//
// Each request goes out from the next of ADDRESSES addresses of 127.0.0.0/8, on a connection of its own, or with KEPT on one
// of eight kept ones. With a rate, requests are sent at their times, whether earlier ones are answered or not (an open loop),
// and times are counted from then. With the rate 0, 2,048 connections each send the next request when the last is answered:
// more than the 1,000 whose answers are delayed.
// One thread; at most 4,096 connections, beyond which requests are skipped and counted.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX = 4096, KEPT = 8, CLOSED = 2048 };

struct call {
    int fd;
    int busy;
    int sent;
    int closes;
    int64_t due;
    size_t got;
    char head[2048];
};

static struct call calls[MAX];
static int idle[MAX], idle_count;
static char message[512];
static size_t message_length;
static struct sockaddr_in server;
static int epoll, addresses, kept, next_address;
static double *times;
static size_t answered, failures, skipped, time_capacity, statuses[6];

static int64_t now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void shut(struct call *call, int reset) {
    if (call->fd < 0) return;
    if (reset) {
        struct linger linger = {1, 0};
        setsockopt(call->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    close(call->fd);
    call->fd = -1;
}

static void finish(struct call *call, int failed) {
    if (failed) failures++;
    else if (answered < time_capacity) times[answered++] = (double)(now() - call->due) / 1e6;
    if (!kept || failed || call->closes) shut(call, 1);  // A reset leaves no port in TIME_WAIT.
    call->busy = 0;
    idle[idle_count++] = (int)(call - calls);
}

static int dial(struct call *call) {
    call->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (call->fd < 0) return 0;
    int one = 1;
    setsockopt(call->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (addresses > 1) {
        setsockopt(call->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        int number = next_address++ % addresses;
        struct sockaddr_in own = {.sin_family = AF_INET};
        own.sin_addr.s_addr = htonl(0x7F010000u + (uint32_t)(number / 250 * 256 + number % 250 + 1));
        if (bind(call->fd, (struct sockaddr *)&own, sizeof own) != 0) return 0;
    }
    if (connect(call->fd, (struct sockaddr *)&server, sizeof server) != 0 && errno != EINPROGRESS) return 0;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = call};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, call->fd, &event) == 0;
}

static void start(int64_t due) {
    if (idle_count == 0) {
        skipped++;
        return;
    }
    struct call *call = &calls[idle[--idle_count]];
    call->busy = 1;
    call->due = due;
    call->got = 0;
    call->closes = 0;
    call->sent = call->fd >= 0;
    if (!call->sent) {
        if (!dial(call)) finish(call, 1);
        return;  // Sent when connected.
    }
    if (send(call->fd, message, message_length, MSG_NOSIGNAL) != (ssize_t)message_length) finish(call, 1);
}

static void ready(struct call *call, uint32_t events) {
    if (!call->busy) {
        if (events & (EPOLLERR | EPOLLHUP | EPOLLIN)) shut(call, 1);
        return;
    }
    if (events & EPOLLERR) return finish(call, 1);
    if ((events & EPOLLOUT) && !call->sent) {
        call->sent = 1;
        if (send(call->fd, message, message_length, MSG_NOSIGNAL) != (ssize_t)message_length) return finish(call, 1);
    }
    while (call->busy) {
        ssize_t count = recv(call->fd, call->head + call->got, sizeof call->head - 1 - call->got, 0);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) return finish(call, 1);
        call->got += (size_t)count;
        call->head[call->got] = 0;
        char *end = strstr(call->head, "\r\n\r\n"), *length = strcasestr(call->head, "content-length:");
        if (!end || !length || call->got < (size_t)(end + 4 - call->head) + strtoul(length + 15, NULL, 10)) continue;
        int status = call->head[9] - '0';
        statuses[status >= 0 && status < 6 ? status : 0]++;
        call->closes = strstr(call->head, "Connection: close") != NULL;
        finish(call, 0);
    }
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int count, char **words) {
    if (count != 7) return 64;
    server.sin_family = AF_INET;
    server.sin_port = htons((uint16_t)atoi(words[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    addresses = atoi(words[3]);
    int64_t rate = atoll(words[4]), length = (int64_t)(atof(words[5]) * 1e9);
    kept = atoi(words[6]);
    message_length = (size_t)snprintf(
        message, sizeof message, "GET /token HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n", words[2]);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int places = kept ? KEPT : rate ? MAX : CLOSED;
    for (int place = 0; place < places; place++) {
        calls[place].fd = -1;
        idle[idle_count++] = place;
    }
    time_capacity = 4000000;
    times = malloc(time_capacity * sizeof *times);
    if (!times) return 71;
    int64_t begin = now(), end = begin + length, sent = 0;
    struct epoll_event events[256];
    // Answers that are delayed have three seconds more.
    while (now() < end + (rate ? 3000000000 : 0)) {
        int64_t at = now();
        if (at < end) {
            if (rate) {
                for (; begin + sent * 1000000000 / rate <= at; sent++) start(begin + sent * 1000000000 / rate);
            } else {
                while (idle_count > 0) start(at);
            }
        } else if (idle_count == places) {
            break;
        }
        int found = epoll_wait(epoll, events, 256, 1);
        for (int index = 0; index < found; index++) ready(events[index].data.ptr, events[index].events);
    }
    size_t total = answered;
    qsort(times, answered, sizeof *times, compare);
    printf(
        "{\"rate\": %.0f, \"answered\": %zu, \"failures\": %zu, \"skipped\": %zu, \"ok\": %zu, \"refused\": %zu, "
        "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
        (double)total * 1e9 / (double)length, total, failures, skipped, statuses[2], statuses[4],
        total ? times[total / 2] : 0, total ? times[total * 99 / 100] : 0, total ? times[total - 1] : 0);
    return 0;
}
