internal import LatchkeyNet

/// Rendered bytes that the kernel has not taken yet. Sending moves an offset: what is left is never moved.
struct UnsentBytes {
    private var bytes: [UInt8] = []
    private var sent = 0

    var isEmpty: Bool { sent == bytes.count }

    /// Takes what is left of `output` behind its first `count` bytes, and leaves `output` empty.
    /// - Precondition: nothing is unsent.
    mutating func take(_ output: inout [UInt8], after count: Int) {
        if output.count - count > Self.swapThreshold {
            swap(&bytes, &output)
            sent = count
        } else {
            bytes = Array(output[count...])
            sent = 0
        }
        output.removeAll(keepingCapacity: true)
    }

    /// Adds `output` behind what is unsent, and leaves it empty.
    mutating func append(_ output: inout [UInt8]) {
        bytes.append(contentsOf: output)
        output.removeAll(keepingCapacity: true)
    }

    /// Above so many bytes the whole buffer changes hands; below, copying is cheaper than the loop's making a new one.
    private static let swapThreshold = 64 * 1024

    /// Sends as much as the kernel takes.
    mutating func send(to socket: borrowing Socket) -> Socket.Transfer {
        let outcome = bytes.withUnsafeBytes { socket.send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
        if case .moved(let count) = outcome {
            sent += count
            if isEmpty { removeAll() }
        }
        return outcome
    }

    mutating func removeAll() {
        bytes = []
        sent = 0
    }
}
