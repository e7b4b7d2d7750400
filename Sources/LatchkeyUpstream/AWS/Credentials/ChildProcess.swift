internal import Dispatch
internal import Glibc
internal import LatchkeyCore

/// A program that is run to its end for what it prints (posix_spawn(3)), without a shell. Its standard input is empty and
/// its standard error is dropped: what a failing program says there may hold anything.
package struct ChildProcess: Sendable {
    /// The most a program may print, in bytes.
    static let longestOutput = 64 * 1024
    /// From its start to its end; then it is killed, with what it has started.
    package static let patience: Duration = .seconds(30)
    /// How often is looked for the end of a program that has closed its output.
    private static let tick: Duration = .milliseconds(5)

    package enum Failure: Error, Hashable, Sendable {
        case notStarted(errno: Int32)
        case exited(status: Int32)
        case killed(signal: Int32)
        case tooLong
        case timedOut
    }

    /// The program, looked for along `PATH` where it has no slash, and its arguments.
    package let words: [String]
    package let environment: [String: String]
    private let patience: Duration

    package init(words: [String], environment: [String: String], patience: Duration = Self.patience) {
        self.words = words
        self.environment = environment
        self.patience = patience
    }

    /// Programs wait for one another: one at a time is all that a chain of credentials has to do.
    private static let queue = DispatchQueue(label: "latchkey.child")

    /// Runs the program on a thread of its own; its output, where it ended with 0.
    package static let run: @Sendable (ChildProcess) async -> Result<[UInt8], Failure> = { child in
        await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { () throws(Failure) in try child.runBlocking() })
            }
        }
    }

    private func runBlocking() throws(Failure) -> [UInt8] {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .notStarted(errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let deadline = MonotonicTime.current + patience
        let child: pid_t
        do throws(Failure) {
            defer { close(ends[1]) }
            child = try start(output: ends[1])
        } catch {
            close(ends[0])
            throw error
        }
        let output = Result { () throws(Failure) in try Self.read(ends[0], until: deadline) }
        close(ends[0])
        do throws(Failure) {
            let bytes = try output.get()
            try Self.awaitEnd(of: child, until: deadline)
            return bytes
        } catch {
            switch error {
            case .exited, .killed: break
            default:
                // Its group: a program it has started may hold the output as well.
                kill(-child, SIGKILL)
                waitpid(child, nil, 0)
            }
            throw error
        }
    }

    // MARK: Start

    private func start(output: Int32) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own to be killed by, and signals as a program expects them: ours are blocked on threads of
        // Dispatch, and SIGPIPE is ignored.
        posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var arguments = words.map { strdup($0) } + [nil]
        var entries = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + entries { free(text) } }
        var child: pid_t = 0
        let failure = posix_spawnp(&child, words.first ?? "", &actions, &attributes, &arguments, &entries)
        guard failure == 0 else { throw .notStarted(errno: failure) }
        return child
    }

    // MARK: Output and end

    private static func read(_ descriptor: Int32, until deadline: MonotonicTime) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let left = (deadline - .current).clampedNanoseconds / 1_000_000
            guard left > 0 else { throw .timedOut }
            var look = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&look, 1, Int32(clamping: left))
            if ready == 0 || (ready < 0 && errno == EINTR) { continue }
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= longestOutput else { throw .tooLong }
        }
    }

    private static func awaitEnd(of child: pid_t, until deadline: MonotonicTime) throws(Failure) {
        var status: Int32 = 0
        while waitpid(child, &status, WNOHANG) == 0 {
            guard MonotonicTime.current < deadline else { throw .timedOut }
            poll(nil, 0, Int32(tick.clampedNanoseconds / 1_000_000))
        }
        // wait(2): the signal is in the lower seven bits, the status in the byte above.
        let signal = status & 0x7F
        guard signal == 0 else { throw .killed(signal: signal) }
        guard status == 0 else { throw .exited(status: (status >> 8) & 0xFF) }
    }
}
