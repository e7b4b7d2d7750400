internal import CSignals
internal import Dispatch
internal import Glibc
package import LatchkeyBroker
package import LatchkeyCore
package import LatchkeyNet
package import Logging

/// The signals that end a server, kept from the moment this is made: a server that listens is stopped in order, however
/// soon it is asked to.
///
/// The handler writes to a pipe. Dispatch's own sources for signals are set up some time after they are made, and
/// what comes in between is lost.
package final class Signals {
    private let asked: AsyncStream<Int32>
    private let source: any DispatchSourceRead

    /// The signals that ask for an end.
    private static let ending: [Int32: String] = [SIGTERM: "SIGTERM", SIGINT: "SIGINT"]
    /// The signals that ask this process for nothing and whose standard action is its end (signal(7)). SIGPIPE is ignored
    /// elsewhere. SIGQUIT ends the process at once, as whoever sends it wants; the signals of a crash do too.
    private static let survived: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGUSR1: "SIGUSR1", SIGUSR2: "SIGUSR2", SIGALRM: "SIGALRM", SIGVTALRM: "SIGVTALRM",
        SIGPROF: "SIGPROF", SIGIO: "SIGIO", SIGPWR: "SIGPWR", SIGSTKFLT: "SIGSTKFLT", SIGXFSZ: "SIGXFSZ",
    ]
    /// The real-time signals that the C library does not use itself.
    private static let realTime = __libc_current_sigrtmin()...__libc_current_sigrtmax()

    /// Has the signals that ask for nothing not end this process.
    package static func survive() {
        let numbers = Array(survived.keys) + realTime
        _ = latchkey_signal_discard(numbers, Int32(numbers.count))
    }

    /// Keeps the signals of this process that ask for an end, and those that ask for nothing; made once in a process.
    /// - Throws: when the process can open no pipe.
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

    /// Returns at SIGTERM or SIGINT. Any other signal is logged and changes nothing: settings are read at start, and the
    /// files they name are followed without being told.
    package func untilAskedToStop(log: Logger) async {
        let signal = await Self.next(asked, log: log)
        log.notice("asked to stop", metadata: ["signal": "\(signal ?? "none")"])
    }

    /// Returns at `end`, or before it at SIGTERM or SIGINT. Not to be used again: what comes later is passed over.
    package func wait(until end: MonotonicTime, sleeper: Sleeper = .system, log: Logger) async {
        let asked = asked
        let signal = await withTaskGroup(of: String?.self) { group in
            group.addTask { await Self.next(asked, log: log) }
            group.addTask {
                await sleeper.sleep(end)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if let signal { log.notice("asked to stop at once", metadata: ["signal": "\(signal)"]) }
    }

    /// The next signal that asks for an end, by name; nil when the task is cancelled.
    private static func next(_ asked: AsyncStream<Int32>, log: Logger) async -> String? {
        for await number in asked {
            if let name = ending[number] { return name }
            let name = survived[number] ?? "SIGRTMIN+\(number - realTime.lowerBound)"
            log.notice("\(name) changes nothing: restart for new settings")
        }
        return nil
    }
}
