internal import COpenSSL

/// The bytes between TLS sessions and their sockets: ciphertext offered to libssl, and ciphertext that it has written.
///
/// The sessions of a server share one, because each of them is given its input and emptied of its output in one call on
/// the thread of its event loop. An idle session then keeps only libssl's own buffers.
final class TLSTransport {
    /// Above this size the memory for output is released after use.
    private static let maxKeptBytes = 1 << 20

    let state: UnsafeMutablePointer<latchkey_transport>
    private let method: OpaquePointer

    init() throws(TLSError) {
        guard let method = latchkey_transport_method() else { throw .failed(reason: "out of memory") }
        self.method = method
        state = .allocate(capacity: 1)
        state.initialize(to: latchkey_transport())
    }

    deinit {
        free(state.pointee.output)
        state.deallocate()
        BIO_meth_free(method)
    }

    /// A BIO that reads and writes here; nil if libcrypto has no memory. The caller owns it.
    func makeBIO() -> OpaquePointer? { latchkey_transport_bio(method, state) }

    /// Offers `bytes` to libssl while `body` runs. What it does not read is dropped.
    func offer<Result>(
        _ bytes: UnsafeRawBufferPointer, _ body: () throws(TLSError) -> Result
    ) throws(TLSError) -> Result {
        state.pointee.input = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        state.pointee.input_length = bytes.count
        defer {
            state.pointee.input = nil
            state.pointee.input_length = 0
        }
        return try body()
    }

    /// What libssl has written since the last ``clearOutput()``.
    var output: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: state.pointee.output, count: state.pointee.output_length)
    }

    func clearOutput() {
        state.pointee.output_length = 0
        guard state.pointee.output_capacity > Self.maxKeptBytes else { return }
        free(state.pointee.output)
        state.pointee.output = nil
        state.pointee.output_capacity = 0
    }
}
