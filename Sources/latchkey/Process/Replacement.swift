internal import CLinux
internal import Glibc

/// Another program in this process's place (execve(2)): what has to be kept so that it finds the process as it was
/// handed to us, and the call itself.
struct Replacement {
    private let brokenPipe: sigaction

    /// To be called before anything else is done. Like ``CommandEnvironment/harden()`` it keeps secrets out of core
    /// dumps and off other processes, but by means that end with this program: the limits, the mask for new files and
    /// the ignored signals of a process would outlive it.
    static func prepare() -> Replacement {
        CommandEnvironment.keepStandardDescriptors()
        _ = latchkey_prctl(PR_SET_DUMPABLE, 0)
        var before = sigaction()
        sigaction(SIGPIPE, nil, &before)
        signal(SIGPIPE, SIG_IGN)
        return Replacement(brokenPipe: before)
    }

    /// Becomes the program that the last words of our own command line name, looked for along `PATH`. The words are
    /// taken as they lie there, since an argument need not be UTF-8.
    ///
    /// - Parameters:
    ///   - argumentCount: how many words, the program's name among them.
    ///   - environment: `NAME=value` each, without a zero byte.
    /// - Returns: only when that fails: the errno.
    func become(argumentCount: Int, environment: [[UInt8]]) -> Int32 {
        let arguments = CommandLine.unsafeArgv + (Int(CommandLine.argc) - argumentCount)
        var entries = environment.map { Self.cString($0) }
        defer { for entry in entries { entry?.deallocate() } }
        entries.append(nil)
        var before = brokenPipe
        sigaction(SIGPIPE, &before, nil)
        // Dispatch blocks signals on its threads, and the program would inherit the mask of the one that calls.
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
