internal import CSignals
internal import Dispatch
internal import Glibc
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

    /// Keeps SIGTERM, SIGINT and SIGHUP of this process; made once in a process.
    /// - Throws: when the process can open no pipe.
    package init() throws(SystemError) {
        let numbers = [SIGTERM, SIGINT, SIGHUP]
        let descriptor = latchkey_stop_install(numbers, Int32(numbers.count))
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

    /// Returns at SIGTERM or SIGINT. SIGHUP is logged and changes nothing: settings are read at start, and the files
    /// they name are followed without being told.
    package func untilAskedToStop(log: Logger) async {
        for await number in asked {
            if number == SIGHUP {
                log.notice("SIGHUP changes nothing: restart for new settings")
                continue
            }
            log.notice("asked to stop", metadata: ["signal": "\(number == SIGTERM ? "SIGTERM" : "SIGINT")"])
            break
        }
    }
}
