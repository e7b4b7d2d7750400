#ifndef LATCHKEY_PROBE_H
#define LATCHKEY_PROBE_H
#include <sys/types.h>

// System calls that Swift cannot make or that its module map lacks. Each returns -1 with errno if it was refused.
int latchkey_probe_trace(pid_t process);
int latchkey_probe_read_memory(pid_t process);
int latchkey_probe_mount(void);
int latchkey_probe_bpf(void);
int latchkey_probe_keyring(void);
int latchkey_probe_namespace(void);
int latchkey_probe_io_uring(void);
#endif
