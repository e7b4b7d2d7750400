internal import ArgumentParser
internal import CLinux
internal import CSignals
internal import Glibc
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Logging

/// The edge: the process's environment, limits and log, read once for whichever command runs.
enum CommandEnvironment {
    /// The environment's variables.
    static var variables: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let equals = pair.firstIndex(of: "=") {
                variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            entry += 1
        }
        return variables
    }

    /// The environment as it lies in memory, `NAME=value` each: bytes, since it need not be UTF-8.
    static var entries: [[UInt8]] {
        var entries: [[UInt8]] = []
        var entry = environ
        while let text = entry.pointee {
            entries.append(Array(UnsafeRawBufferPointer(start: text, count: strlen(text))))
            entry += 1
        }
        return entries
    }

    /// All settings, or all that is wrong with them.
    static func settings(
        flags: [SettingName: String] = [:], environment: [String: String] = variables, need: Settings.Need
    ) throws(SettingsProblems) -> Settings {
        let (settings, problems) = examine(flags: flags, environment: environment, need: need)
        guard problems.isEmpty else { throw SettingsProblems(lines: problems) }
        if settings.asksAWS(need), let bundle = settings.aws.caBundle { try TrustFile.require(bundle) }
        return settings
    }

    /// All settings, and all that is wrong with them.
    static func examine(
        flags: [SettingName: String] = [:], environment: [String: String] = variables, need: Settings.Need
    ) -> (settings: Settings, problems: [String]) {
        Settings.examine(
            flags: flags, environment: withHome(environment), need: need, processors: processors,
            inherited: { () throws(InheritedSocketError) in
                try InheritedSocket.all(environment: environment, process: getpid())
            }, readSharedFile: SharedFileReader.read, readFile: Files.text)
    }

    /// With the home directory of the user database where none is set, as service managers start programs: AWS's
    /// shared files are below it.
    private static func withHome(_ environment: [String: String]) -> [String: String] {
        guard environment["HOME"]?.isEmpty ?? true, let entry = getpwuid(getuid()), let home = entry.pointee.pw_dir
        else { return environment }
        var environment = environment
        environment["HOME"] = String(cString: home)
        return environment
    }

    private static var processors: Int { max(1, min(256, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// Nothing of the process's memory may reach a disk or another process, nothing it writes may be read by others,
    /// and a pipe whose reader has gone is an error of one write and not the end of the process.
    static func harden() {
        keepStandardDescriptors()
        signal(SIGPIPE, SIG_IGN)
        umask(0o077)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = latchkey_prctl(PR_SET_DUMPABLE, 0)
        var files = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
        files.rlim_cur = files.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    }

    /// Lets go of the program's own pages, which are read in again where they are still used: what only the start
    /// needed (every command's options among it) is then no part of what a long-lived process weighs. They are
    /// read-only, and nothing is ever written between the two ends.
    static func dropProgramPages() {
        let page = UInt(max(1, sysconf(Int32(_SC_PAGESIZE))))
        let start = (UInt(bitPattern: latchkey_program_start()) + page - 1) / page * page
        let end = UInt(bitPattern: latchkey_program_end()) / page * page
        guard start < end else { return }
        madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
    }

    /// Where standard input, output or error was closed before the start, the next socket would get its number, and
    /// what is printed would go to an upstream. Something that can be neither written nor inherited takes the place.
    static func keepStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", (descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC)
        }
    }

    /// The log settings ask for, on standard error.
    static func logger(_ settings: Settings, sink: LogSink) -> Logger {
        Logger(label: "latchkey") {
            LineLogHandler(
                label: $0, level: settings.logLevel, format: settings.logFormat, sink: sink, time: .system)
        }
    }

    /// The log of what is answered, beside the other.
    static func requestLog(_ settings: Settings, sink: LogSink) -> RequestLog {
        let writer = LogLineWriter(label: "latchkey.requests", format: settings.logFormat, sink: sink, time: .system)
        return RequestLog(level: settings.logLevel, time: .system) { message, level, metadata, isEssential in
            writer.write(message, at: level, metadata: metadata, isEssential: isEssential)
        }
    }

    /// Has a crash of this process leave one line in its log. Before anything starts a thread of its own.
    static func tellCrashes(_ settings: Settings) {
        latchkey_crash_install(Version.number, settings.logFormat == .json ? 1 : 0)
    }

    /// A log for commands that people run: warnings, as text.
    static func quietLogger(sink: LogSink) -> Logger {
        Logger(label: "latchkey") {
            LineLogHandler(label: $0, level: .error, format: .text, sink: sink, time: .system)
        }
    }
}

extension Settings {
    /// Says once, at the start, what had better be otherwise.
    func logWarnings(_ log: Logger) {
        for warning in warnings { log.warning("\(warning)") }
        for upstream in plainUpstreams {
            log.warning("an upstream \(Self.plainUpstreamWarning)", metadata: ["upstream": "\(upstream)"])
        }
    }
}
