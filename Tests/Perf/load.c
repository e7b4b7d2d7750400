// Sends one request again and again over kept connections, and prints how many were answered and how long that took.
//
//   load PLACE FILE CONNECTIONS DEPTH RATE SECONDS
//
// PLACE is a port of 127.0.0.1 or the path of a Unix socket; FILE has the bytes of the request. With the rate 0, each connection
// keeps DEPTH requests on their way (a closed loop). With a rate, requests are sent at their times over the connections in turn,
// whether earlier ones are answered or not (an open loop), and times are counted from then.
// An answer needs a Content-Length, unless its status is 304. One thread.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 4096, WAITING = 256, ROOM = 128 * 1024, TIMES = 8000000 };

struct connection {
    int fd;
    // When the requests that are not answered were due, in nanoseconds: a ring.
    int64_t due[WAITING];
    unsigned first, waiting;
    // Bytes of requests that the kernel has not taken.
    size_t unsent;
    size_t got;
    char received[ROOM];
};

static struct connection *connections;
static char message[64 * 1024];
static size_t message_length, answered, failures, skipped, statuses[6];
static float *times;
static int64_t measured_from;

static int64_t now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static int dial(const char *place) {
    if (place[0] == '/') {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        strncpy(address.sun_path, place, sizeof address.sun_path - 1);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
        return fd;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(place))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

// Sends as much as the kernel takes of `count` more requests.
static void push(struct connection *connection, unsigned count) {
    connection->unsent += count * message_length;
    while (connection->unsent > 0) {
        // A burst of requests leaves with one call.
        static char burst[sizeof message * 4];
        size_t offset = (message_length - connection->unsent % message_length) % message_length, length = 0;
        while (length < connection->unsent && length + message_length <= sizeof burst) {
            memcpy(burst + length, message + offset, message_length - offset);
            length += message_length - offset;
            offset = 0;
        }
        ssize_t sent = send(connection->fd, burst, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent <= 0) return;
        connection->unsent -= (size_t)sent;
    }
}

static void enqueue(struct connection *connection, int64_t due) {
    connection->due[(connection->first + connection->waiting++) % WAITING] = due;
}

// The length of the first answer in `text`, 0 if it is not complete.
static size_t answer(const char *text, size_t length, int *status) {
    const char *end = memmem(text, length, "\r\n\r\n", 4);
    if (!end) return 0;
    *status = text[9] - '0';
    size_t head = (size_t)(end + 4 - text), body = 0;
    if (memcmp(text + 9, "304", 3) != 0) {
        const char *field = text;
        while (field < end && strncasecmp(field, "content-length:", 15) != 0) {
            field = memchr(field, '\n', (size_t)(end + 2 - field));
            if (!field) return 0;
            field++;
        }
        body = strtoul(field + 15, NULL, 10);
    }
    return head + body <= length ? head + body : 0;
}

// Reads what has come. Returns the number of complete answers, or -1 at the end of the connection.
static int pull(struct connection *connection) {
    ssize_t count =
        recv(connection->fd, connection->received + connection->got, ROOM - 1 - connection->got, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return 0;
    if (count <= 0) return -1;
    connection->got += (size_t)count;
    size_t used = 0, length;
    int answers = 0, status = 0;
    int64_t at = now();
    while (connection->waiting > 0
           && (length = answer(connection->received + used, connection->got - used, &status)) > 0) {
        used += length;
        answers++;
        int64_t due = connection->due[connection->first % WAITING];
        connection->first++;
        connection->waiting--;
        if (due < measured_from) continue;
        statuses[status >= 0 && status < 6 ? status : 0]++;
        if (answered < TIMES) times[answered] = (float)(at - due) / 1e6F;
        answered++;
    }
    memmove(connection->received, connection->received + used, connection->got - used);
    connection->got -= used;
    return answers;
}

static int compare(const void *left, const void *right) {
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **words) {
    if (argc != 7) return 64;
    FILE *file = fopen(words[2], "rb");
    if (!file) return 66;
    message_length = fread(message, 1, sizeof message, file);
    fclose(file);
    int count = atoi(words[3]), depth = atoi(words[4]);
    int64_t rate = atoll(words[5]), length = (int64_t)(atof(words[6]) * 1e9);
    if (count < 1 || count > CONNECTIONS || depth < 1 || depth > WAITING || message_length == 0) return 64;
    connections = calloc((size_t)count, sizeof *connections);
    times = malloc(TIMES * sizeof *times);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!connections || !times || epoll < 0) return 71;
    for (int index = 0; index < count; index++) {
        connections[index].fd = dial(words[1]);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
        if (connections[index].fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, connections[index].fd, &event) != 0) return 69;
    }
    int64_t begin = now(), end = begin + length, sent = 0;
    measured_from = begin;
    if (!rate) {
        for (int index = 0; index < count; index++) {
            for (int number = 0; number < depth; number++) enqueue(&connections[index], begin);
            push(&connections[index], (unsigned)depth);
        }
    }
    struct epoll_event events[256];
    while (now() < end) {
        for (int64_t at = now(); rate && begin + sent * 1000000000 / rate <= at; sent++) {
            struct connection *connection = &connections[sent % count];
            if (connection->waiting == WAITING || connection->fd < 0) {
                skipped++;
                continue;
            }
            enqueue(connection, begin + sent * 1000000000 / rate);
            push(connection, 1);
        }
        int found = epoll_wait(epoll, events, 256, rate ? 0 : 1);
        for (int index = 0; index < found; index++) {
            struct connection *connection = &connections[events[index].data.u32];
            int answers = pull(connection);
            if (answers < 0) {
                failures += connection->waiting;
                connection->waiting = 0;
                close(connection->fd);
                connection->fd = -1;
            } else if (!rate && answers > 0) {
                int64_t at = now();
                for (int number = 0; number < answers; number++) enqueue(connection, at);
                push(connection, (unsigned)answers);
            } else if (connection->unsent > 0) {
                push(connection, 0);
            }
        }
    }
    double seconds = (double)(now() - begin) / 1e9;
    size_t kept = answered < TIMES ? answered : TIMES;
    qsort(times, kept, sizeof *times, compare);
    printf(
        "{\"rate\": %.0f, \"answered\": %zu, \"failures\": %zu, \"skipped\": %zu, \"ok\": %zu, \"unchanged\": %zu, "
        "\"p50_ms\": %.4f, \"p99_ms\": %.4f, \"p999_ms\": %.4f}\n",
        (double)answered / seconds, answered, failures, skipped, statuses[2], statuses[3],
        kept ? times[kept / 2] : 0, kept ? times[kept * 99 / 100] : 0, kept ? times[kept * 999 / 1000] : 0);
    return 0;
}
