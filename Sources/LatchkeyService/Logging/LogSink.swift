internal import Dispatch
internal import Glibc
internal import LatchkeyCore
internal import Synchronization

/// Takes log lines from any thread and writes them from one of its own: a pipe that is full or closed, or a full disk,
/// never holds up a request. What cannot be kept or written is dropped, counted, and the count is logged once
/// writing works again.
///
/// Essential lines outlive that: they wait, with a reserve of their own, and are tried again every second.
package final class LogSink: Sendable {
    private struct State {
        var queue: LogQueue
        var isScheduled = false
    }

    /// Bytes given to one `write`.
    private static let batch = 64 * 1024
    /// Between two tries to write essential lines.
    private static let pause: Duration = .seconds(1)

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "latchkey.log", qos: .utility)
    private let state: Mutex<State>

    /// - Parameters:
    ///   - descriptor: where lines go; not closed by the sink.
    ///   - bound: bytes kept while the writer is held up.
    ///   - reserve: bytes kept beyond that for essential lines: about 30,000 lines of the request log.
    package init(descriptor: Int32 = 2, limit: Int = 1 << 20, reserve: Int = 8 << 20) {
        self.descriptor = descriptor
        state = Mutex(State(queue: LogQueue(limit: limit, reserve: reserve)))
    }

    /// Lines lost so far that no line has told of yet.
    package var dropped: Int { state.withLock { $0.queue.dropped } }

    /// Takes one line, its line end included. Never waits.
    /// - Parameter isEssential: dropped only where ``LogQueue/reserve`` is full too.
    package func write(_ line: [UInt8], isEssential: Bool = false) {
        let schedule = state.withLock { state in
            state.queue.add(line, isEssential: isEssential)
            if state.isScheduled || state.queue.isEmpty { return false }
            state.isScheduled = true
            return true
        }
        if schedule { queue.async { self.drain() } }
    }

    /// Waits until what has been taken is written, or `timeout` has passed. For the end of the process.
    package func flush(timeout: Duration) {
        let done = DispatchSemaphore(value: 0)
        queue.async {
            self.drain()
            done.signal()
        }
        _ = done.wait(timeout: .now() + .nanoseconds(Int(min(timeout, .seconds(3600)).clampedNanoseconds)))
    }

    private func drain() {
        while let batch = take() {
            let written = writeAll(batch.bytes)
            if written == batch.bytes.count { continue }
            let waits = state.withLock { state in
                state.queue.failed(batch, written: written)
                state.isScheduled = !state.queue.isEmpty
                return state.isScheduled
            }
            if waits {
                let pause = Int(Self.pause.clampedNanoseconds)
                queue.asyncAfter(deadline: .now() + .nanoseconds(pause)) { self.drain() }
            }
            return
        }
    }

    private func take() -> LogQueue.Batch? {
        state.withLock { state in
            let batch = state.queue.next(maxBytes: Self.batch)
            if batch == nil { state.isScheduled = false }
            return batch
        }
    }

    /// - Returns: how many bytes were written: fewer when nobody reads (EPIPE), there is no room (ENOSPC), or there is
    ///   no progress for a second.
    private func writeAll(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
                if count > 0 {
                    offset += count
                } else if errno == EAGAIN {
                    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    if poll(&wait, 1, 1000) == 0 { return offset }
                } else if errno != EINTR {
                    return offset
                }
            }
            return offset
        }
    }
}
