internal import ArgumentParser
internal import CLinux
internal import CSignals
internal import CWipe
internal import Glibc
internal import LatchkeyAPI
internal import LatchkeyConfine
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyLog
internal import LatchkeyNet
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Logging

/// The process's environment, limits and log, for all commands.
enum CommandEnvironment {
    /// The environment variables.
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

    /// The raw environment: one `NAME=value` per entry, as bytes, because it need not be UTF-8.
    static var entries: [[UInt8]] {
        var entries: [[UInt8]] = []
        var entry = environ
        while let text = entry.pointee {
            entries.append(Array(UnsafeRawBufferPointer(start: text, count: strlen(text))))
            entry += 1
        }
        return entries
    }

    /// The settings.
    /// - Throws: all problems of the settings.
    static func settings(
        flags: [SettingName: String] = [:], environment: [String: String] = variables, need: Settings.Need
    ) throws(SettingsError) -> Settings {
        let (settings, problems) = examine(flags: flags, environment: environment, need: need)
        guard problems.isEmpty else {
            throw SettingsError(lines: need == .client && settings.url == nil ? [Self.noURL] + problems : problems)
        }
        if settings.asksAWS(need), let bundle = settings.aws.caBundle { try TrustFile.require(bundle) }
        return settings
    }

    /// Most users of the client commands have a broker and no access to AWS.
    private static let noURL = """
        LATCHKEY_URL is not set: set it to the address of a running broker, such as http://127.0.0.1:8700, and \
        LATCHKEY_API_KEY to its key. Without it AWS is asked directly, and for that something is missing:
        """

    /// The settings and all their problems.
    ///
    /// - Parameter sockets: the sockets of systemd; nil for those that were passed to this process.
    static func examine(
        flags: [SettingName: String] = [:], environment: [String: String] = variables, need: Settings.Need,
        sockets: [InheritedSocket]? = nil
    ) -> (settings: Settings, problems: [String]) {
        Settings.examine(
            flags: flags, environment: withHome(environment), need: need, processors: processors,
            inherited: { () throws(InheritedSocketError) in
                if let sockets { return sockets }
                return try InheritedSocket.all(environment: environment, process: getpid())
            }, readSharedFile: SharedFileReader.read, readFile: SmallFile.text)
    }

    /// Adds the home directory from the user database if `HOME` is not set, as under a service manager. AWS's shared
    /// files are below it.
    private static func withHome(_ environment: [String: String]) -> [String: String] {
        guard environment["HOME"]?.isEmpty ?? true, let entry = getpwuid(getuid()), let home = entry.pointee.pw_dir
        else { return environment }
        var environment = environment
        environment["HOME"] = String(cString: home)
        return environment
    }

    private static var processors: Int { max(1, min(256, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// Keeps the process's memory from disk and from other processes, its files from other users, and SIGPIPE from
    /// ending the process.
    static func harden() {
        TLSMemory.install()
        keepStandardDescriptors()
        signal(SIGPIPE, SIG_IGN)
        umask(0o077)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = latchkey_prctl(PR_SET_DUMPABLE, 0)
        for resource in [RLIMIT_NOFILE, __RLIMIT_MEMLOCK] {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        }
    }

    /// Confines the process to what its settings need. Must be called while the process has one thread.
    /// - Returns: what is in force; nil if `LATCHKEY_CONFINE` is `false`.
    static func confine(_ settings: Settings) -> ConfinementState? {
        settings.isConfined
            ? Confinement.apply(ConfinementPlan(settings, readSharedFile: SharedFileReader.read)) : nil
    }

    /// Logs where the memory of secrets is not as it should be.
    static func logMemory(_ log: Logger) {
        if latchkey_wipes_freed_memory() == 0 {
            log.notice(.memoryNotWiped, "freed memory is not overwritten in this build: it may keep copies of secrets")
        }
        SecretArena.shared.onFirstUnlocked {
            log.warning(
                .memoryNotLocked,
                "secrets are in memory that may be written to swap: raise the limit (ulimit -l, LimitMEMLOCK=)")
        }
    }

    /// Releases the program's own pages, which the kernel reads again when they are used. A long-lived process then
    /// does not keep what only startup needed, such as the options of all commands. The pages are read-only.
    static func dropProgramPages() {
        let page = UInt(max(1, sysconf(Int32(_SC_PAGESIZE))))
        let start = (UInt(bitPattern: latchkey_program_start()) + page - 1) / page * page
        let end = UInt(bitPattern: latchkey_program_end()) / page * page
        guard start < end else { return }
        madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
    }

    /// Opens `/dev/null` for each standard descriptor that was closed at startup. Otherwise the next socket would get
    /// its number, and output would go to an upstream.
    static func keepStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", (descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC)
        }
    }

    /// The configured log on standard error.
    ///
    /// - Parameter level: the level that a reload changes; by default that of the settings.
    static func logger(_ settings: Settings, level: LiveLogLevel? = nil, sink: LogSink) -> Logger {
        let level = level ?? LiveLogLevel(settings.logLevel)
        return Logger(label: "latchkey") {
            LineLogHandler(
                label: $0, level: level, format: settings.logFormat, sink: sink, time: .system)
        }
    }

    /// The request log. It shares the log's sink.
    static func requestLog(_ settings: Settings, sink: LogSink) -> RequestLog {
        let writer = LogLineWriter(label: "latchkey.requests", format: settings.logFormat, sink: sink, time: .system)
        return RequestLog(level: settings.logLevel, time: .system) { message, level, metadata, isEssential in
            writer.write(message, at: level, metadata: metadata, isEssential: isEssential)
        }
    }

    /// Installs a handler that writes one log line if the process crashes. Must be called before any thread starts.
    static func installCrashReporter(_ settings: Settings) {
        latchkey_crash_install(Version.number, LoggedEvent.crashed.rawValue, settings.logFormat == .json ? 1 : 0)
    }

    /// The log of interactive commands: errors only, as text.
    static func quietLogger(sink: LogSink) -> Logger {
        let level = LiveLogLevel(.error)
        return Logger(label: "latchkey") {
            LineLogHandler(label: $0, level: level, format: .text, sink: sink, time: .system)
        }
    }
}
