internal import Glibc
internal import LatchkeyCore
internal import LatchkeySettings
internal import LatchkeyUpstream

/// What `latchkey render` does after it has written the file, so that a program reads it.
enum RenderNotice: Sendable {
    case none
    /// A program and its arguments, run without a shell.
    case command([String])
    /// A signal to the process whose id is in a file.
    case signal(Int32, pidFile: String)

    /// The signals that programs know as a request to read their files again, or to end.
    static let signals: [String: Int32] = [
        "HUP": SIGHUP, "INT": SIGINT, "QUIT": SIGQUIT, "TERM": SIGTERM, "USR1": SIGUSR1, "USR2": SIGUSR2,
        "WINCH": SIGWINCH, "CONT": SIGCONT,
    ]

    /// The number of a signal by its name, with or without `SIG`.
    static func signal(named name: String) -> Int32? {
        signals[name.hasPrefix("SIG") ? String(name.dropFirst(3)) : name]
    }

    /// - Throws: a failure that names the command or the file, and no value.
    func send(timeout: Duration) async throws(CommandFailure) {
        switch self {
        case .none: break
        case .command(let words): try await Self.run(words, timeout: timeout)
        case .signal(let number, let pidFile): try Self.signal(number, pidFile)
        }
    }

    /// The command gets the environment without the broker's key.
    private static func run(_ words: [String], timeout: Duration) async throws(CommandFailure) {
        var environment = CommandEnvironment.variables
        environment[SettingName.apiKey.rawValue] = nil
        let child = ChildProcess(words: words, environment: environment, timeout: timeout, output: .inherited)
        guard case .failure(let error) = await ChildProcess.run(child) else { return }
        let why =
            switch error {
            case .notStarted(let code): "cannot be started: \(OwnFile.reason(code))"
            case .exited(let status): "ended with \(status)"
            case .killed(let number): "was ended by signal \(number)"
            case .timedOut: "took longer than \(timeout.components.seconds) s and was killed"
            case .outputTooLong: "printed too much"
            }
        throw CommandFailure(.failed, "the command \(Table.clean(words.first ?? "")) \(why)")
    }

    private static func signal(_ number: Int32, _ pidFile: String) throws(CommandFailure) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileReader.read(pidFile, limit: 64)
        } catch {
            throw CommandFailure(.failed, "no signal was sent: \(pidFile): \(error)")
        }
        let digits = bytes.drop(while: ASCII.isWhiteSpace).prefix { !ASCII.isWhiteSpace($0) }
        // Process 1 is the service manager, and 0 and below are groups (kill(2)).
        guard (1...18).contains(digits.count), let id = DecimalDigits.parse(digits), id > 1,
            let pid = pid_t(exactly: id)
        else { throw CommandFailure(.failed, "no signal was sent: \(pidFile) does not contain a process id") }
        guard kill(pid, number) == 0 else {
            throw CommandFailure(.failed, "no signal was sent to process \(pid): \(OwnFile.reason(errno))")
        }
    }
}
