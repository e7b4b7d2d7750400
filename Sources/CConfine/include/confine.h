#ifndef LATCHKEY_CONFINE_H
#define LATCHKEY_CONFINE_H
// Landlock and seccomp have no functions in the C library, and the system's headers may be older than the kernel.
#include <stdint.h>

// The version of the kernel's Landlock ABI; 0 if it has none, or it is not enabled.
int latchkey_landlock_abi(void);

// A new set of rules that denies these rights, except where rules allow them.
// - fs: the LANDLOCK_ACCESS_FS_… rights.
// - scope: the LANDLOCK_SCOPE_… of signals and abstract sockets, from ABI 6 on; 0 before.
// Returns a descriptor, or -1 with errno.
int latchkey_landlock_create(uint64_t fs, uint64_t scope);

// Allows rights at and below the file or folder of the descriptor `place`, which may be opened with O_PATH.
int latchkey_landlock_allow(int rules, int place, uint64_t rights);

// Puts the rules in force for the calling thread and for the threads and processes that it starts later.
int latchkey_landlock_restrict(int rules);

// Neither this process nor its children gain privileges by execve(2) again. Required by Landlock and seccomp.
int latchkey_no_new_privileges(void);

// Whether the kernel has seccomp filters.
int latchkey_seccomp_available(void);

// Installs the filter of system calls, for all threads of the process.
// - allows_execution: 0 to allow only what the broker uses; otherwise programs may be run, which need other calls, and
//   only calls that none of them should need are refused.
int latchkey_seccomp_install(int allows_execution);

// Opens a path with O_PATH, which needs no permission to read the file. Returns -1 with errno.
int latchkey_open_place(const char *path);
#endif
