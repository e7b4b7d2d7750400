#define _GNU_SOURCE
#include "confine.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The numbers are the same on every architecture (syscalls(2)).
#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ADD_RULE 445
#define LANDLOCK_RESTRICT_SELF 446

#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH 1

// struct landlock_ruleset_attr of ABI 6. An older kernel accepts it if what it does not know is zero.
struct ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scope;
};

struct path_rule {
    uint64_t rights;
    int32_t place;
} __attribute__((packed));

int latchkey_landlock_abi(void) {
    long version = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int)version;
}

int latchkey_landlock_create(uint64_t fs, uint64_t scope) {
    struct ruleset ruleset = {fs, 0, scope};
    return (int)syscall(LANDLOCK_CREATE_RULESET, &ruleset, sizeof ruleset, 0U);
}

int latchkey_landlock_allow(int rules, int place, uint64_t rights) {
    struct path_rule rule = {rights, place};
    return (int)syscall(LANDLOCK_ADD_RULE, rules, RULE_PATH_BENEATH, &rule, 0U);
}

int latchkey_landlock_restrict(int rules) { return (int)syscall(LANDLOCK_RESTRICT_SELF, rules, 0U); }

int latchkey_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL); }

int latchkey_open_place(const char *path) { return open(path, O_PATH | O_CLOEXEC); }
