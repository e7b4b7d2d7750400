internal import LatchkeyCrypto

/// The TLS of one worker: the parsed configuration, and the buffer that its connections receive into.
///
/// If it exists, each connection of a TCP listener uses it (``ListeningSocket/mayUseTLS``), as a ``ServerStream``.
final class WorkerTLS {
    /// Records received at once. What they decrypt to fits into the buffer for received bytes, beside a record of which the
    /// beginning came earlier.
    private static let receiveBytes = 32 * 1024

    let ciphertext = UnsafeMutableRawBufferPointer.allocate(byteCount: receiveBytes, alignment: 16)
    private let live: LiveTLSConfiguration
    private var context: TLSContext?
    private var changes = -1

    init(_ live: LiveTLSConfiguration) { self.live = live }

    deinit { ciphertext.deallocate() }

    /// A session for a new connection; nil if there is no memory.
    func makeSession() -> TLSSession? {
        if live.changes != changes {
            let (configuration, changes) = live.read()
            self.changes = changes
            // Cannot fail for want of anything but memory, because the configuration is valid.
            if let context = try? TLSContext(serving: configuration, tickets: live.tickets) { self.context = context }
        }
        return context.flatMap { try? TLSSession(acceptingWith: $0) }
    }
}
