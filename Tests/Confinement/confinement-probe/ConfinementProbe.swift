internal import CProbe
internal import Glibc
internal import LatchkeyConfine

/// Confines itself as the broker does, tries what should be refused, and prints one line for each attempt: its name and the
/// `errno`, 0 if it was allowed. The kernel decides; a test compares.
///
/// Arguments: a folder that may be read, a folder that may be written, a file in neither, and `programs` to allow
/// execution.
@main
struct ConfinementProbe {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4 else { exit(64) }
        let (readable, writable, outside) = (arguments[1], arguments[2], arguments[3])
        var plan = ConfinementPlan()
        for path in ["/lib", "/lib64", "/usr/lib", "/proc/self"] { plan.allow(path, .read) }
        plan.allow(readable, .read)
        plan.allow(writable, [.read, .write, .sockets])
        if arguments.contains("programs") {
            plan.allowsExecution = true
            for path in ["/usr", "/bin"] { plan.allow(path, [.read, .execute]) }
        }
        let state = Confinement.apply(plan)
        print("landlock", state.landlock.isInForce ? 1 : 0)
        print("seccomp", state.seccomp.isInForce ? 1 : 0)
        report("read a named file", attempt { open("\(readable)/file", O_RDONLY) })
        report("read another file", attempt { open(outside, O_RDONLY) })
        report("write another file", attempt { open(outside, O_WRONLY) })
        report("create beside a named file", attempt { open("\(readable)/new", O_CREAT | O_WRONLY, 0o600) })
        report("create a file", attempt { open("\(writable)/new", O_CREAT | O_WRONLY, 0o600) })
        report("rename a file", attempt { rename("\(writable)/new", "\(writable)/newer") })
        report("remove a file", attempt { unlink("\(writable)/newer") })
        report("run a program", run("/bin/true"))
        report("trace a process", attempt { latchkey_probe_trace(getppid()) })
        report("read a process's memory", attempt { latchkey_probe_read_memory(getppid()) })
        report("signal another process", attempt { kill(getppid(), 0) })
        report("open a packet socket", attempt { socket(AF_PACKET, 3, 0) })
        report("open a TCP socket", attempt { socket(AF_INET, 1, 0) })
        report("mount", attempt { latchkey_probe_mount() })
        report("load a BPF program", attempt { latchkey_probe_bpf() })
        report("use the keyring", attempt { latchkey_probe_keyring() })
        report("make a namespace", attempt { latchkey_probe_namespace() })
        report("use io_uring", attempt { latchkey_probe_io_uring() })
        report("map memory that is written and executed", mapExecutable())
        report("start a thread", startThread())
    }

    private static func attempt(_ call: () -> Int32) -> Int32 {
        errno = 0
        return call() < 0 ? errno : 0
    }

    private static func report(_ name: String, _ code: Int32) { print("\(name): \(code)") }

    private static func run(_ program: String) -> Int32 {
        var child: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), nil]
        defer { free(arguments[0]) }
        let code = posix_spawn(&child, program, nil, nil, &arguments, environ)
        if code == 0 { waitpid(child, nil, 0) }
        return code
    }

    private static func mapExecutable() -> Int32 {
        errno = 0
        let memory = mmap(nil, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        return memory == MAP_FAILED ? errno : 0
    }

    private static func startThread() -> Int32 {
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, { _ in nil }, nil)
        if code == 0 { pthread_join(thread, nil) }
        return code
    }
}
