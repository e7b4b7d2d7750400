internal import Dispatch
internal import Glibc
internal import LatchkeyCore
internal import Synchronization

/// Takes log lines from any thread and writes them from one of its own: a pipe that is full or closed, or a full disk,
/// never holds up a request. What cannot be kept or written is dropped, counted, and the count is logged once
/// writing works again.
package final class LogSink: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var lines = 0
        var dropped = 0
        var isScheduled = false
    }

    /// Bytes kept while the writer is held up.
    private let bound: Int
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "latchkey.log", qos: .utility)
    private let state = Mutex(State())

    /// - Parameter descriptor: where lines go; not closed by the sink.
    package init(descriptor: Int32 = 2, bound: Int = 1 << 20) {
        self.descriptor = descriptor
        self.bound = bound
    }

    /// Lines lost so far that no line has told of yet.
    package var dropped: Int { state.withLock { $0.dropped } }

    /// Takes one line, its line end included. Never waits.
    package func write(_ line: [UInt8]) {
        let schedule = state.withLock { state in
            guard state.pending.count + line.count <= bound else {
                state.dropped += 1
                return false
            }
            state.pending += line
            state.lines += 1
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if schedule { queue.async { self.drain() } }
    }

    /// Waits until what has been taken is written, or `timeout` has passed. For the end of the process.
    package func flush(timeout: Duration) {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + .nanoseconds(Int(min(timeout, .seconds(3600)).clampedNanoseconds)))
    }

    private func drain() {
        while let (bytes, lines) = take() {
            if !writeAll(bytes) { state.withLock { $0.dropped += lines } }
        }
    }

    /// What is to be written, and how many lines are lost when that fails: those whose loss it tells of included.
    private func take() -> (bytes: [UInt8], lines: Int)? {
        state.withLock { state in
            guard !state.pending.isEmpty else {
                state.isScheduled = false
                return nil
            }
            var bytes = state.pending
            let lines = state.lines + state.dropped
            if state.dropped > 0 {
                bytes += Array(
                    "{\"level\":\"warning\",\"message\":\"log lines were dropped\",\"count\":\"\(state.dropped)\"}\n"
                        .utf8)
                state.dropped = 0
            }
            defer { (state.pending, state.lines) = ([], 0) }
            return (bytes, lines)
        }
    }

    /// False when the bytes cannot be written: nobody reads (EPIPE), no room (ENOSPC), or no progress in a second.
    private func writeAll(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
                if count > 0 {
                    offset += count
                } else if errno == EAGAIN {
                    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    if poll(&wait, 1, 1000) == 0 { return false }
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
