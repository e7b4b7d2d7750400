internal import Dispatch
internal import Glibc
internal import LatchkeyCore

/// A program that is run to its end (posix_spawn(3)), without a shell. Its standard input is empty.
package struct ChildProcess: Sendable {
    static let maxOutputBytes = 64 * 1024
    /// The time from the start of the program to its end. Then it is killed, and so is what it has started.
    package static let defaultTimeout: Duration = .seconds(30)
    /// How often to check whether a program that has closed its output has ended.
    private static let pollInterval: Duration = .milliseconds(5)

    /// Where the output of the program goes.
    package enum Output: Sendable {
        /// Standard output is returned. Standard error is discarded, because it may contain secrets.
        case captured
        /// To the outputs of this process.
        case inherited
    }

    package enum RunError: Error, Hashable, Sendable {
        case notStarted(errno: Int32)
        case exited(status: Int32)
        case killed(signal: Int32)
        /// More than ``ChildProcess/maxOutputBytes``.
        case outputTooLong
        case timedOut
    }

    /// The program and its arguments. A program without a slash is looked up in `PATH`.
    package let words: [String]
    package let environment: [String: String]
    private let timeout: Duration
    private let output: Output

    package init(
        words: [String], environment: [String: String], timeout: Duration = Self.defaultTimeout,
        output: Output = .captured
    ) {
        self.words = words
        self.environment = environment
        self.timeout = timeout
        self.output = output
    }

    /// Serial: a credential chain never needs two programs at once.
    private static let queue = DispatchQueue(label: "latchkey.child")

    /// Runs the program on a thread of its own.
    ///
    /// - Returns: its standard output, if that is captured and it ended with status 0.
    package static let run: @Sendable (ChildProcess) async -> Result<[UInt8], RunError> = { child in
        await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { () throws(RunError) in try child.runBlocking() })
            }
        }
    }

    private func runBlocking() throws(RunError) -> [UInt8] {
        let deadline = MonotonicTime.current + timeout
        if case .inherited = output {
            try Self.finish(try start(output: nil), .success([]), until: deadline)
            return []
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .notStarted(errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let child: pid_t
        do throws(RunError) {
            defer { close(ends[1]) }
            child = try start(output: ends[1])
        } catch {
            close(ends[0])
            throw error
        }
        let output = Result { () throws(RunError) in try Self.read(ends[0], until: deadline) }
        close(ends[0])
        return try Self.finish(child, output, until: deadline)
    }

    /// Waits for the end of the program. Kills it after a failure other than its own end.
    @discardableResult
    private static func finish(
        _ child: pid_t, _ output: Result<[UInt8], RunError>, until deadline: MonotonicTime
    ) throws(RunError) -> [UInt8] {
        do throws(RunError) {
            let bytes = try output.get()
            try awaitEnd(of: child, until: deadline)
            return bytes
        } catch {
            switch error {
            case .exited, .killed: break
            default:
                // The whole process group: a program that the child started may hold the output too.
                kill(-child, SIGKILL)
                waitpid(child, nil, 0)
            }
            throw error
        }
    }

    // MARK: Start

    /// - Parameter output: the descriptor for its standard output; nil if it has the outputs of this process.
    private func start(output: Int32?) throws(RunError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        if let output {
            posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A process group of its own, so that it can be killed, and default signal handling: Dispatch threads block
        // signals, and Latchkey ignores SIGPIPE.
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
        let code = posix_spawnp(&child, words.first ?? "", &actions, &attributes, &arguments, &entries)
        guard code == 0 else { throw .notStarted(errno: code) }
        return child
    }

    // MARK: Output and end

    private static func read(_ descriptor: Int32, until deadline: MonotonicTime) throws(RunError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let remaining = (deadline - .current).clampedNanoseconds / 1_000_000
            guard remaining > 0 else { throw .timedOut }
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&request, 1, Int32(clamping: remaining))
            if ready == 0 || (ready < 0 && errno == EINTR) { continue }
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= maxOutputBytes else { throw .outputTooLong }
        }
    }

    private static func awaitEnd(of child: pid_t, until deadline: MonotonicTime) throws(RunError) {
        var status: Int32 = 0
        while waitpid(child, &status, WNOHANG) == 0 {
            guard MonotonicTime.current < deadline else { throw .timedOut }
            poll(nil, 0, Int32(pollInterval.clampedNanoseconds / 1_000_000))
        }
        // wait(2): the signal is in the lower seven bits, the exit status in the next byte.
        let signal = status & 0x7F
        guard signal == 0 else { throw .killed(signal: signal) }
        guard status == 0 else { throw .exited(status: (status >> 8) & 0xFF) }
    }
}
