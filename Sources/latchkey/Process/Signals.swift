internal import CSignals
internal import Dispatch
internal import Glibc
package import LatchkeyCore
internal import LatchkeyLog
package import LatchkeyNet
package import Logging

/// Handles the signals that end a server, from the moment of initialization on.
///
/// The handler writes to a pipe. Dispatch's own signal sources start asynchronously and lose signals that arrive
/// before.
package final class Signals {
    private let asked: AsyncStream<Int32>
    private let source: any DispatchSourceRead

    /// Signals that stop the server.
    private static let ending: [Int32: String] = [SIGTERM: "SIGTERM", SIGINT: "SIGINT"]
    /// Signals that are ignored, although their default action ends the process (signal(7)). SIGPIPE is ignored
    /// elsewhere. SIGQUIT and the signals of a crash keep their default action.
    private static let survived: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGUSR1: "SIGUSR1", SIGUSR2: "SIGUSR2", SIGALRM: "SIGALRM", SIGVTALRM: "SIGVTALRM",
        SIGPROF: "SIGPROF", SIGIO: "SIGIO", SIGPWR: "SIGPWR", SIGSTKFLT: "SIGSTKFLT", SIGXFSZ: "SIGXFSZ",
    ]
    /// The real-time signals that the C library does not use itself.
    private static let realTime = __libc_current_sigrtmin()...__libc_current_sigrtmax()

    /// Ignores these signals.
    package static func survive() {
        let numbers = Array(survived.keys) + realTime
        _ = latchkey_signal_discard(numbers, Int32(numbers.count))
    }

    /// Installs the handlers. Must be called once per process.
    /// - Throws: if no pipe can be opened.
    package init() throws(SystemError) {
        let numbers = Array(Self.ending.keys) + Self.survived.keys + Self.realTime
        let descriptor = latchkey_signal_pipe_install(numbers, Int32(numbers.count))
        guard descriptor >= 0 else { throw SystemError(call: "pipe", errno: errno) }
        let (asked, sink) = AsyncStream.makeStream(of: Int32.self)
        self.asked = asked
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler {
            var byte: UInt8 = 0
            while read(descriptor, &byte, 1) == 1 { sink.yield(Int32(byte)) }
        }
        source.resume()
    }

    deinit { source.cancel() }

    /// Returns at SIGTERM or SIGINT. Any other signal is logged and ignored.
    ///
    /// - Parameter onHangUp: called at SIGHUP; nil to ignore that signal too.
    package func untilAskedToStop(log: Logger, onHangUp: (@Sendable () -> Void)? = nil) async {
        let signal = await Self.next(asked, log: log, onHangUp: onHangUp)
        log.notice(.stopRequested, "asked to stop", metadata: ["signal": "\(signal ?? "none")"])
    }

    /// Returns at `end`, or earlier at SIGTERM or SIGINT. Must not be called again: later signals are ignored.
    package func wait(until end: MonotonicTime, time: Timing = .system, log: Logger) async {
        let asked = asked
        let signal = await withTaskGroup(of: String?.self) { group in
            group.addTask { await Self.next(asked, log: log) }
            group.addTask {
                await time.sleep(end)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if let signal { log.notice(.stopHastened, "asked to stop at once", metadata: ["signal": "\(signal)"]) }
    }

    /// The name of the next signal that stops the server; nil if the task is cancelled.
    private static func next(
        _ asked: AsyncStream<Int32>, log: Logger, onHangUp: (@Sendable () -> Void)? = nil
    ) async -> String? {
        for await number in asked {
            if number == SIGHUP, let onHangUp {
                onHangUp()
                continue
            }
            if let name = ending[number] { return name }
            let name = survived[number] ?? "SIGRTMIN+\(number - realTime.lowerBound)"
            log.notice(.signalIgnored, "\(name) is ignored: restart to apply new settings")
        }
        return nil
    }
}
