internal import CSignals
internal import Dispatch
internal import Glibc

/// The keys and signals of the process, as events.
final class TopEvents {
    /// SIGCONT comes when a suspended process goes on. SIGHUP comes when the terminal closes.
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT]

    let stream: AsyncStream<TopEvent>
    let sink: AsyncStream<TopEvent>.Continuation
    private let sources: [any DispatchSourceRead]

    /// - Throws: if no pipe can be opened.
    init() throws {
        let (stream, sink) = AsyncStream.makeStream(of: TopEvent.self)
        (self.stream, self.sink) = (stream, sink)
        let pipe = latchkey_signal_pipe_install(Self.signals, Int32(Self.signals.count))
        guard pipe >= 0 else { throw CommandFailure(.failed, "no pipe can be opened") }
        let queue = DispatchQueue(label: "latchkey.top")
        let numbers = DispatchSource.makeReadSource(fileDescriptor: pipe, queue: queue)
        numbers.setEventHandler {
            var byte: UInt8 = 0
            while read(pipe, &byte, 1) == 1 { sink.yield(.signal(Int32(byte))) }
        }
        let keys = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: queue)
        keys.setEventHandler {
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = read(STDIN_FILENO, &bytes, bytes.count)
            if count > 0 { return _ = sink.yield(.input(Array(bytes.prefix(count)))) }
            if count == 0 || errno != EINTR && errno != EAGAIN { sink.yield(.hangUp) }
        }
        sources = [numbers, keys]
        for source in sources { source.resume() }
    }

    deinit { for source in sources { source.cancel() } }
}
