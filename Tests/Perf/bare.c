// The least that a server must do for a hit on a token: one thread, one epoll. It parses the whole head, compares the key in
// constant time, patches the date into a rendered answer, and sends it with one call. What Latchkey's cost is compared with.
//
//   bare PORT KEY BODY
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 64 * 1024, OUTPUT = 256 * 1024 };

static char answer[4096], refusal[256], output[OUTPUT];
static size_t answer_length, refusal_length, date_offset;
static char key[512];
static size_t key_length;
static time_t rendered;

struct connection {
    int fd;
    size_t got;
    char received[ROOM];
};

static void patch_date(void) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME_COARSE, &at);
    if (at.tv_sec == rendered) return;
    rendered = at.tv_sec;
    struct tm parts;
    gmtime_r(&rendered, &parts);
    char text[32];
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    memcpy(answer + date_offset, text, 29);
}

static int is_key(const char *value, size_t length) {
    if (length != key_length) return 0;
    unsigned char difference = 0;
    for (size_t index = 0; index < length; index++) difference |= (unsigned char)(value[index] ^ key[index]);
    return difference == 0;
}

static int is_token(unsigned char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z')
        || (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

// Parses one head. Returns its length, 0 if it is not complete, -1 if it is malformed.
static int parse(const char *text, size_t length, int *allowed) {
    const char *position = text, *end = text + length, *line_end;
    int lines = 0;
    *allowed = 0;
    while ((line_end = memchr(position, '\n', (size_t)(end - position)))) {
        size_t count = (size_t)(line_end - position);
        if (count == 0 || position[count - 1] != '\r') return -1;
        count--;
        if (lines == 0) {
            if (count < 14 || memcmp(position, "GET /", 5) != 0 || memcmp(position + count - 9, " HTTP/1.1", 9) != 0)
                return -1;
        } else if (count == 0) {
            return (int)(line_end + 1 - text);
        } else {
            const char *colon = memchr(position, ':', count);
            if (!colon) return -1;
            for (const char *byte = position; byte < colon; byte++)
                if (!is_token((unsigned char)*byte)) return -1;
            const char *value = colon + 1, *stop = position + count;
            while (value < stop && (*value == ' ' || *value == '\t')) value++;
            for (const char *byte = value; byte < stop; byte++)
                if ((unsigned char)*byte < 0x20 && *byte != '\t') return -1;
            size_t name = (size_t)(colon - position), size = (size_t)(stop - value);
            if (name == 13 && strncasecmp(position, "authorization", 13) == 0 && size > 7
                && strncasecmp(value, "bearer ", 7) == 0)
                *allowed = is_key(value + 7, size - 7);
        }
        lines++;
        position = line_end + 1;
    }
    return 0;
}

int main(int argc, char **words) {
    if (argc != 4) return 64;
    key_length = strlen(words[2]);
    if (key_length >= sizeof key) return 64;
    memcpy(key, words[2], key_length);
    answer_length = (size_t)snprintf(
        answer, sizeof answer,
        "HTTP/1.1 200 OK\r\nDate: %-29s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
        "X-Request-Id: 0123456789abcdef0123456789\r\nContent-Length: %zu\r\n\r\n%s",
        "", strlen(words[3]), words[3]);
    date_offset = (size_t)(strstr(answer, "Date: ") + 6 - answer);
    refusal_length = (size_t)snprintf(refusal, sizeof refusal, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), epoll = epoll_create1(EPOLL_CLOEXEC);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1024) != 0) return 71;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    struct epoll_event events[256];
    for (;;) {
        int found = epoll_wait(epoll, events, 256, -1);
        patch_date();
        for (int index = 0; index < found; index++) {
            struct connection *connection = events[index].data.ptr;
            if (!connection) {
                connection = malloc(sizeof *connection);
                if (!connection) return 71;
                connection->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                connection->got = 0;
                setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                struct epoll_event added = {.events = EPOLLIN, .data.ptr = connection};
                epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &added);
                continue;
            }
            ssize_t count = recv(connection->fd, connection->received + connection->got, ROOM - connection->got, 0);
            if (count <= 0) {
                close(connection->fd);
                free(connection);
                continue;
            }
            connection->got += (size_t)count;
            size_t used = 0, length = 0;
            int head, allowed;
            while (used < connection->got && length + answer_length <= OUTPUT
                   && (head = parse(connection->received + used, connection->got - used, &allowed)) > 0) {
                used += (size_t)head;
                const char *text = allowed ? answer : refusal;
                size_t size = allowed ? answer_length : refusal_length;
                memcpy(output + length, text, size);
                length += size;
            }
            memmove(connection->received, connection->received + used, connection->got - used);
            connection->got -= used;
            if (length > 0 && send(connection->fd, output, length, MSG_NOSIGNAL) != (ssize_t)length) return 74;
        }
    }
}
