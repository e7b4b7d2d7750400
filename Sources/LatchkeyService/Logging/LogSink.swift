internal import Dispatch
internal import Glibc
internal import LatchkeyCore
internal import Synchronization

/// Takes log lines from any thread and writes them on a thread of its own, so that a full or closed pipe or a full disk
/// never delays a request. Lines that cannot be kept are dropped and counted; the count is logged when writing works
/// again.
///
/// Essential lines wait in a reserve of their own and are retried every second.
package final class LogSink: Sendable {
    private struct State {
        var queue: LogQueue
        var isScheduled = false
    }

    /// Bytes per `write`.
    private static let batchBytes = 64 * 1024
    /// Time between two attempts to write essential lines.
    private static let retryInterval: Duration = .seconds(1)

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "latchkey.log", qos: .utility)
    private let state: Mutex<State>

    /// - Parameters:
    ///   - descriptor: the destination. The sink does not close it.
    ///   - limit: bytes kept while writing is blocked.
    ///   - reserve: additional bytes for essential lines: about 30,000 lines of the request log.
    package init(descriptor: Int32 = 2, limit: Int = 1 << 20, reserve: Int = 8 << 20) {
        self.descriptor = descriptor
        state = Mutex(State(queue: LogQueue(limit: limit, reserve: reserve)))
    }

    /// Dropped lines that have not been reported yet.
    package var dropped: Int { state.withLock { $0.queue.dropped } }

    /// Takes one line with its line end. Never blocks.
    /// - Parameter isEssential: whether the line may use ``LogQueue/reserve``.
    package func write(_ line: [UInt8], isEssential: Bool = false) {
        let schedule = state.withLock { state in
            state.queue.add(line, isEssential: isEssential)
            if state.isScheduled || state.queue.isEmpty { return false }
            state.isScheduled = true
            return true
        }
        if schedule { queue.async { self.drain() } }
    }

    /// Waits until all lines are written or `timeout` has passed. For the end of the process.
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
                let pause = Int(Self.retryInterval.clampedNanoseconds)
                queue.asyncAfter(deadline: .now() + .nanoseconds(pause)) { self.drain() }
            }
            return
        }
    }

    private func take() -> LogQueue.Batch? {
        state.withLock { state in
            let batch = state.queue.next(maxBytes: Self.batchBytes)
            if batch == nil { state.isScheduled = false }
            return batch
        }
    }

    /// - Returns: the number of bytes written. Fewer than all if the reader is gone (EPIPE), the disk is full (ENOSPC),
    ///   or there was no progress for a second.
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
