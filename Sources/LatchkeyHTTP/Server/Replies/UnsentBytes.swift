internal import LatchkeyCore
internal import LatchkeyNet

/// Rendered bytes that the kernel has not accepted yet. Sending only moves an offset.
struct UnsentBytes {
    private var bytes: [UInt8] = []
    private var sent = 0

    var isEmpty: Bool { sent == bytes.count }

    /// Keeps `output` after its first `count` bytes, and leaves `output` empty.
    ///
    /// - Precondition: ``isEmpty``.
    mutating func take(_ output: inout [UInt8], after count: Int) {
        if output.count - count > Self.swapThreshold {
            swap(&bytes, &output)
            sent = count
        } else {
            // As a pointer, because an array of the whole slice would take the buffer itself.
            bytes = output.withUnsafeBytes { Array($0[count...]) }
            sent = 0
        }
        Wiping.removeAll(&output, keepingCapacity: true)
    }

    /// Appends `output`, and leaves it empty.
    mutating func append(_ output: inout [UInt8]) {
        bytes.append(contentsOf: output)
        Wiping.removeAll(&output, keepingCapacity: true)
    }

    /// Appends a copy of `records`.
    mutating func append(_ records: UnsafeRawBufferPointer) { bytes.append(contentsOf: records) }

    /// Above this size the whole buffer changes hands. Below it, copying costs less than allocating a new output buffer
    /// for the event loop.
    private static let swapThreshold = 64 * 1024

    /// Sends as many bytes as the kernel accepts.
    mutating func send(to stream: borrowing ServerStream) -> Socket.Transfer {
        let outcome = bytes.withUnsafeBytes { stream.send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
        if case .moved(let count) = outcome {
            sent += count
            if isEmpty { removeAll() }
        }
        return outcome
    }

    mutating func removeAll() {
        Wiping.removeAll(&bytes, keepingCapacity: false)
        sent = 0
    }
}
