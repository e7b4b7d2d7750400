internal import CLinux
internal import Glibc

/// Replaces this process by another program (execve(2)), which must find the process as it was before.
struct Replacement {
    private let brokenPipe: sigaction

    /// Must be called first. Like ``CommandEnvironment/harden()`` it keeps secrets out of core dumps and from other
    /// processes, but only by means that do not outlive this program. Limits, the umask and ignored signals would be
    /// inherited.
    static func prepare() -> Replacement {
        CommandEnvironment.keepStandardDescriptors()
        _ = latchkey_prctl(PR_SET_DUMPABLE, 0)
        var before = sigaction()
        sigaction(SIGPIPE, nil, &before)
        signal(SIGPIPE, SIG_IGN)
        return Replacement(brokenPipe: before)
    }

    /// Runs the program that the last arguments of the command line name, looked up in `PATH`. The raw arguments are
    /// passed on, because they need not be UTF-8.
    ///
    /// - Parameters:
    ///   - argumentCount: the number of arguments, including the program's name.
    ///   - environment: `NAME=value` each, without the NUL at the end.
    /// - Returns: the errno. Returns only on failure.
    func become(argumentCount: Int, environment: [[UInt8]]) -> Int32 {
        let arguments = CommandLine.unsafeArgv + (Int(CommandLine.argc) - argumentCount)
        var entries = environment.map { Self.cString($0) }
        defer { for entry in entries { entry?.deallocate() } }
        entries.append(nil)
        var before = brokenPipe
        sigaction(SIGPIPE, &before, nil)
        // Dispatch blocks signals on its threads, and the program would inherit the calling thread's mask.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        _ = latchkey_execvpe(arguments.pointee, arguments, &entries)
        let reason = errno
        signal(SIGPIPE, SIG_IGN)
        return reason
    }

    private static func cString(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar>? {
        let string = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        for (index, byte) in bytes.enumerated() { string[index] = CChar(bitPattern: byte) }
        string[bytes.count] = 0
        return string
    }
}
