internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyNet

/// The socket of a client connection, with plaintext on one side and, through ``ClientTLS``, bytes of the wire on the other.
final class ClientSocket {
    /// Why the connection cannot continue.
    enum SocketError: Error, Equatable {
        case reset(errno: Int32)
        case tls(TLSError)
    }

    /// How the peer has ended its stream.
    enum End: Equatable {
        case clean
        /// Over TLS without close_notify. An attacker can truncate a stream in this way (RFC 8446 §6.1).
        case truncated
    }

    private let socket: Socket
    private var channel: ChannelID?
    private var tls = ClientTLS()
    private var unsent: ArraySlice<UInt8> = []

    init(_ socket: consuming Socket, handler: any EventHandler, on loop: EventLoop) throws(SystemError) {
        self.socket = socket
        channel = try loop.register(handler, descriptor: self.socket.descriptor, interest: [.read, .write])
    }

    /// Whether the connection is plain or every TLS handshake is complete.
    var isEstablished: Bool { tls.isEstablished }

    /// The error of connecting (SO_ERROR); 0 when the socket is connected.
    func pendingError() -> Int32 { socket.pendingError() }

    /// Starts TLS with `host`, inside the existing layers.
    func startTLS(host: String, context: TLSContext, on loop: EventLoop) throws(SocketError) {
        do throws(TLSError) {
            try tls.start(host: host, context: context)
            try tls.seal(into: &unsent)
        } catch {
            throw .tls(error)
        }
        // A failed write is reported by the next read.
        try? flush(on: loop)
    }

    func send(_ bytes: [UInt8], on loop: EventLoop) throws(SocketError) {
        if tls.isEmpty {
            unsent.append(contentsOf: bytes)
        } else {
            do throws(TLSError) {
                try tls.send(bytes)
                try tls.seal(into: &unsent)
            } catch {
                throw .tls(error)
            }
        }
        try flush(on: loop)
    }

    /// Sends and receives what `readiness` permits.
    ///
    /// - Returns: the received plaintext, and how the stream ended if it did; nil when only sending was possible.
    func process(
        _ readiness: Readiness, on loop: EventLoop
    ) throws(SocketError) -> (plaintext: [UInt8], end: End?)? {
        if readiness.contains(.write) { try flush(on: loop) }
        guard readiness.rawValue & ~Readiness.write.rawValue != 0 else { return nil }
        return try receive(on: loop)
    }

    /// Sends what the kernel accepts, and waits for writability while bytes are left.
    private func flush(on loop: EventLoop) throws(SocketError) {
        if !unsent.isEmpty {
            switch unsent.withUnsafeBytes({ socket.send($0) }) {
            case .moved(let count): unsent = unsent.count == count ? [] : unsent.dropFirst(count)
            case .wouldBlock: break
            // The peer may have sent a response before it closed. The next read returns it, or the error.
            case .failed: unsent = []
            }
        }
        guard let channel else { return }
        loop.setInterest(unsent.isEmpty ? .read : [.read, .write], of: channel, descriptor: socket.descriptor)
    }

    private func receive(on loop: EventLoop) throws(SocketError) -> (plaintext: [UInt8], end: End?) {
        var received: [UInt8] = []
        var ended = false
        let outcome = withUnsafeTemporaryAllocation(byteCount: 32 * 1024, alignment: 16) { buffer -> Socket.Transfer in
            let outcome = socket.receive(into: buffer)
            if case .moved(let count) = outcome {
                received = Array(buffer[..<count])
                Wiping.wipe(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
            }
            return outcome
        }
        switch outcome {
        case .failed(let errno): throw .reset(errno: errno)
        case .wouldBlock: return ([], nil)
        case .moved(let count): ended = count == 0
        }
        if tls.isEmpty { return (received, ended ? .clean : nil) }
        if ended { return ([], tls.peerHasClosed ? .clean : .truncated) }
        do throws(TLSError) {
            received = try tls.receive(received)
        } catch {
            // Sends the alert that tells the peer the reason. The connection fails in any case.
            try? tls.seal(into: &unsent)
            try? flush(on: loop)
            throw .tls(error)
        }
        do throws(TLSError) { try tls.seal(into: &unsent) } catch { throw .tls(error) }
        try flush(on: loop)
        return (received, tls.peerHasClosed ? .clean : nil)
    }

    func close(on loop: EventLoop) {
        if !tls.isEmpty {
            tls.finish(into: &unsent)
            if !unsent.isEmpty { _ = unsent.withUnsafeBytes { socket.send($0) } }
        }
        if let channel { loop.unregister(channel, descriptor: socket.descriptor) }
        channel = nil
    }
}
