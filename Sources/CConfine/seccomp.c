#define _GNU_SOURCE
#include "confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

// Calls above this number are newer than this list. ENOSYS makes the C library fall back to an older call.
#define NEWEST_KNOWN 450

// What the broker uses: the C library, Dispatch, the Swift runtime and OpenSSL included. Those of a hit come first, because
// kernels before 5.11 compare in this order for each call.
static const int allowed[] = {
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
    SYS_recvfrom, SYS_sendto, SYS_read, SYS_write, SYS_futex, SYS_epoll_pwait, SYS_epoll_ctl, SYS_accept4, SYS_close,
    SYS_clock_gettime, SYS_getrandom,
    // Input and output.
    SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_lseek, SYS_fcntl, SYS_dup, SYS_dup3, SYS_pipe2, SYS_ppoll,
    SYS_pselect6, SYS_epoll_create1, SYS_eventfd2, SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime,
    SYS_signalfd4, SYS_close_range,
#ifdef SYS_epoll_pwait2
    SYS_epoll_pwait2,
#endif
#ifdef SYS_poll
    SYS_poll, SYS_select, SYS_dup2, SYS_pipe, SYS_epoll_create, SYS_eventfd,
#endif
    // Files. Landlock decides which.
    SYS_openat, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_faccessat, SYS_faccessat2,
    SYS_readlinkat, SYS_getdents64, SYS_getcwd, SYS_unlinkat, SYS_renameat2, SYS_linkat, SYS_ftruncate, SYS_fsync,
    SYS_fdatasync, SYS_fallocate, SYS_flock, SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_umask,
#ifdef SYS_renameat
    SYS_renameat,
#endif
#ifdef SYS_open
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_unlink, SYS_rename, SYS_link, SYS_chmod, SYS_chown,
    SYS_lchown,
#endif
    // Sockets. `socket` has a rule below.
    SYS_socketpair, SYS_bind, SYS_listen, SYS_accept, SYS_connect, SYS_getsockname, SYS_getpeername, SYS_setsockopt,
    SYS_getsockopt, SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg, SYS_recvmmsg, SYS_shutdown,
    // Memory. `mmap` and `mprotect` have rules below.
    SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_mlock, SYS_mlock2, SYS_munlock, SYS_mincore, SYS_membarrier,
    // Threads. `clone` has a rule below.
    SYS_set_robust_list, SYS_get_robust_list, SYS_rseq, SYS_set_tid_address, SYS_gettid, SYS_exit, SYS_exit_group,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_setaffinity, SYS_sched_getparam, SYS_sched_getscheduler,
    SYS_sched_setscheduler, SYS_sched_get_priority_max, SYS_sched_get_priority_min, SYS_setpriority, SYS_getpriority,
    SYS_getcpu,
    // Signals. `kill`, `tgkill` and `prlimit64` have rules below.
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending, SYS_rt_sigsuspend, SYS_rt_sigtimedwait,
    SYS_sigaltstack, SYS_restart_syscall,
    // Time.
    SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday,
#ifdef SYS_time
    SYS_time, SYS_pause,
#endif
    // The process and the machine.
    SYS_getpid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getgroups, SYS_getresuid,
    SYS_getresgid, SYS_uname, SYS_sysinfo, SYS_getrusage, SYS_times, SYS_getrlimit, SYS_wait4, SYS_waitid,
};

// What neither the broker nor a program that prints credentials should need.
static const int refused[] = {
    // Other processes' memory, and their execution. `process_vm_readv` has a rule below.
    SYS_ptrace, SYS_process_vm_writev, SYS_process_madvise, SYS_kcmp, SYS_pidfd_getfd, SYS_perf_event_open,
    SYS_userfaultfd,
    // The kernel.
    SYS_bpf, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_syslog,
    SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_sethostname, SYS_setdomainname,
    SYS_swapon, SYS_swapoff, SYS_acct, SYS_quotactl, SYS_nfsservctl, SYS_lookup_dcookie, SYS_personality,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm, SYS_modify_ldt,
#endif
    // File systems and namespaces.
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_open_by_handle_at,
    SYS_name_to_handle_at, SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
    SYS_mount_setattr, SYS_fanotify_init,
    // Keys of the kernel's keyring.
    SYS_keyctl, SYS_add_key, SYS_request_key,
    // Calls that pass filters by.
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
};

// A condition on one argument.
struct rule {
    int call;
    int argument;
    uint32_t mask;
    uint32_t value;
};

// Allowed where `argument & mask == value`. Several rules for a call are alternatives.
static const struct rule allowed_if[] = {
    {SYS_socket, 0, UINT32_MAX, AF_INET},
    {SYS_socket, 0, UINT32_MAX, AF_INET6},
    {SYS_socket, 0, UINT32_MAX, AF_UNIX},
    // getaddrinfo(3) asks for the machine's addresses.
    {SYS_socket, 0, UINT32_MAX, AF_NETLINK},
    {SYS_ioctl, 1, UINT32_MAX, FIONREAD},
    {SYS_ioctl, 1, UINT32_MAX, FIONBIO},
    {SYS_ioctl, 1, UINT32_MAX, TCGETS},
    {SYS_ioctl, 1, UINT32_MAX, TIOCGWINSZ},
    {SYS_prctl, 0, UINT32_MAX, PR_SET_NAME},
    {SYS_prctl, 0, UINT32_MAX, PR_GET_NAME},
    {SYS_prctl, 0, UINT32_MAX, PR_GET_DUMPABLE},
    // PR_SET_VMA: names of memory, which newer C libraries set.
    {SYS_prctl, 0, UINT32_MAX, 0x53564d41},
    // A thread, and no process.
    {SYS_clone, 0, CLONE_THREAD | CLONE_NEWNS | CLONE_NEWUSER, CLONE_THREAD},
    // No memory that is written and executed.
    {SYS_mmap, 2, PROT_WRITE | PROT_EXEC, 0},
    {SYS_mmap, 2, PROT_WRITE | PROT_EXEC, PROT_WRITE},
    {SYS_mmap, 2, PROT_WRITE | PROT_EXEC, PROT_EXEC},
    {SYS_mprotect, 2, PROT_WRITE | PROT_EXEC, 0},
    {SYS_mprotect, 2, PROT_WRITE | PROT_EXEC, PROT_WRITE},
    {SYS_mprotect, 2, PROT_WRITE | PROT_EXEC, PROT_EXEC},
    // Its own limits.
    {SYS_prlimit64, 0, UINT32_MAX, 0},
};

// Allowed where the first argument is this process.
static const int allowed_for_itself[] = {SYS_kill, SYS_tgkill, SYS_process_vm_readv};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MAX_INSTRUCTIONS 768

struct program {
    struct sock_filter code[MAX_INSTRUCTIONS];
    unsigned short count;
};

static void add(struct program *program, struct sock_filter instruction) {
    if (program->count < MAX_INSTRUCTIONS) program->code[program->count++] = instruction;
}

static void statement(struct program *program, uint16_t code, uint32_t value) {
    add(program, (struct sock_filter)BPF_STMT(code, value));
}

static void jump(struct program *program, uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
    add(program, (struct sock_filter)BPF_JUMP(code, value, if_true, if_false));
}

static void answer(struct program *program, uint32_t action) { statement(program, BPF_RET | BPF_K, action); }

static void load(struct program *program, size_t offset) {
    statement(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void for_call(struct program *program, int call, uint32_t action) {
    jump(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1);
    answer(program, action);
}

// Both architectures are little-endian: the lower half of an argument comes first.
static size_t argument_at(int argument) { return offsetof(struct seccomp_data, args) + 8 * (size_t)argument; }

static void for_argument(struct program *program, struct rule rule, uint32_t action) {
    jump(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule.call, 0, 5);
    load(program, argument_at(rule.argument));
    statement(program, BPF_ALU | BPF_AND | BPF_K, rule.mask);
    jump(program, BPF_JMP | BPF_JEQ | BPF_K, rule.value, 0, 1);
    answer(program, action);
    load(program, offsetof(struct seccomp_data, nr));
}

static void build(struct program *program, int allows_execution) {
    const uint32_t allow = SECCOMP_RET_ALLOW, refuse = SECCOMP_RET_ERRNO | EPERM, unknown = SECCOMP_RET_ERRNO | ENOSYS;
    load(program, offsetof(struct seccomp_data, arch));
    jump(program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    answer(program, refuse);
    load(program, offsetof(struct seccomp_data, nr));
    if (!allows_execution)
        for (size_t index = 0; index < COUNT(allowed); index++) for_call(program, allowed[index], allow);
#ifdef __x86_64__
    // The calls of the x32 ABI would not be found in the lists.
    jump(program, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
    answer(program, refuse);
#endif
    uint32_t self = (uint32_t)getpid();
    if (allows_execution) {
        for (size_t index = 0; index < COUNT(refused); index++) for_call(program, refused[index], refuse);
        for_argument(program, (struct rule){SYS_process_vm_readv, 0, UINT32_MAX, self}, allow);
        for_call(program, SYS_process_vm_readv, refuse);
        // Namespaces. clone3 has its flags in memory, which a filter cannot read.
        for_argument(program, (struct rule){SYS_clone, 0, CLONE_NEWNS, CLONE_NEWNS}, refuse);
        for_argument(program, (struct rule){SYS_clone, 0, CLONE_NEWUSER, CLONE_NEWUSER}, refuse);
        for_call(program, SYS_clone3, unknown);
        answer(program, allow);
        return;
    }
    for (size_t index = 0; index < COUNT(allowed_if); index++) for_argument(program, allowed_if[index], allow);
    for (size_t index = 0; index < COUNT(allowed_for_itself); index++)
        for_argument(program, (struct rule){allowed_for_itself[index], 0, UINT32_MAX, self}, allow);
    // The C library falls back to `clone`, whose flags a filter can read.
    for_call(program, SYS_clone3, unknown);
    jump(program, BPF_JMP | BPF_JGT | BPF_K, NEWEST_KNOWN, 0, 1);
    answer(program, unknown);
    answer(program, refuse);
}

int latchkey_seccomp_available(void) {
    uint32_t action = SECCOMP_RET_ERRNO;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int latchkey_seccomp_install(int allows_execution) {
    static struct program program;
    program.count = 0;
    build(&program, allows_execution);
    if (program.count == MAX_INSTRUCTIONS) {
        errno = E2BIG;
        return -1;
    }
    struct sock_fprog filter = {program.count, program.code};
    // Without SPEC_ALLOW, kernels before 5.16 slow down every thread under a filter.
    unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
    if (result > 0) errno = EBUSY;  // The number of a thread that has another filter.
    return result == 0 ? 0 : -1;
}

#else

int latchkey_seccomp_available(void) { return 0; }

int latchkey_seccomp_install(int allows_execution) {
    (void)allows_execution;
    errno = ENOSYS;
    return -1;
}

#endif
