internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyNet

/// A connection's socket with no, one or two layers of TLS: plaintext on one side, whatever the wire needs on the other.
final class ClientSocket {
    /// The connection cannot go on.
    enum SocketError: Error, Equatable {
        case reset(errno: Int32)
        case tls(TLSError)
    }

    /// How the peer finished sending.
    enum End: Equatable {
        case clean
        /// Over TLS without close_notify: an attacker can cut a connection so (RFC 8446 §6.1).
        case truncated
    }

    private let socket: Socket
    private var channel: ChannelID?
    /// The outermost first: that with a proxy, where the proxy is spoken to over TLS, then that with the origin.
    private var sessions: [TLSSession] = []
    private var unsent: ArraySlice<UInt8> = []

    init(_ socket: consuming Socket, handler: any EventHandler, on loop: EventLoop) throws(SystemError) {
        self.socket = socket
        channel = try loop.register(handler, descriptor: self.socket.descriptor, interest: [.read, .write])
    }

    /// TLS is not used, or the handshake of every layer is done.
    var isEstablished: Bool { sessions.allSatisfy(\.isEstablished) }

    func pendingError() -> Int32 { socket.pendingError() }

    /// Begins TLS with `host`, inside the layers there are.
    func startTLS(host: String, context: TLSContext, on loop: EventLoop) throws(SocketError) {
        do throws(TLSError) {
            let session = try TLSSession(connectingTo: host, context: context)
            sessions.append(session)
            try session.start()
            try seal()
        } catch {
            throw .tls(error)
        }
        // A write that fails shows as an error of the next read.
        try? flush(on: loop)
    }

    func send(_ bytes: [UInt8], on loop: EventLoop) throws(SocketError) {
        if let session = sessions.last {
            do throws(TLSError) {
                try Self.send(bytes, by: session)
                try seal()
            } catch {
                throw .tls(error)
            }
        } else {
            unsent.append(contentsOf: bytes)
        }
        try flush(on: loop)
    }

    /// Sends what waits, and asks to be told when there is room for the rest.
    func flush(on loop: EventLoop) throws(SocketError) {
        if !unsent.isEmpty {
            switch unsent.withUnsafeBytes({ socket.send($0) }) {
            case .moved(let count): unsent = unsent.count == count ? [] : unsent.dropFirst(count)
            case .wouldBlock: break
            // What the peer sent before it closed may still be read: the read says how the connection ended.
            case .failed: unsent = []
            }
        }
        guard let channel else { return }
        loop.setInterest(unsent.isEmpty ? .read : [.read, .write], of: channel, descriptor: socket.descriptor)
    }

    /// What has come, as plaintext, and whether more can come.
    func receive(on loop: EventLoop) throws(SocketError) -> (plaintext: [UInt8], end: End?) {
        var received: [UInt8] = []
        var ended = false
        let outcome = withUnsafeTemporaryAllocation(byteCount: 32 * 1024, alignment: 16) { buffer -> Socket.Transfer in
            let outcome = socket.receive(into: buffer)
            if case .moved(let count) = outcome { received = Array(buffer[..<count]) }
            return outcome
        }
        switch outcome {
        case .failed(let errno): throw .reset(errno: errno)
        case .wouldBlock: return ([], nil)
        case .moved(let count): ended = count == 0
        }
        guard let innermost = sessions.last else { return (received, ended ? .clean : nil) }
        if ended { return ([], innermost.peerHasClosed ? .clean : .truncated) }
        do throws(TLSError) {
            received = try open(received)
        } catch {
            // The alert that says why is worth sending; the failure stands either way.
            try? seal()
            try? flush(on: loop)
            throw .tls(error)
        }
        do throws(TLSError) { try seal() } catch { throw .tls(error) }
        try flush(on: loop)
        return (received, innermost.peerHasClosed ? .clean : nil)
    }

    func close(on loop: EventLoop) {
        if !sessions.isEmpty {
            for session in sessions.reversed() {
                session.finish()
                try? seal()
            }
            if !unsent.isEmpty { _ = unsent.withUnsafeBytes { socket.send($0) } }
        }
        if let channel { loop.unregister(channel, descriptor: socket.descriptor) }
        channel = nil
    }

    // MARK: Layers

    /// Takes ciphertext through the layers, from the outermost to the plaintext of the innermost.
    private func open(_ ciphertext: [UInt8]) throws(TLSError) -> [UInt8] {
        var bytes = ciphertext
        for session in sessions {
            var plaintext: [UInt8] = []
            try bytes.withUnsafeBufferPointer { pointer throws(TLSError) in
                try session.receive(UnsafeRawBufferPointer(pointer), into: &plaintext)
            }
            bytes = plaintext
        }
        return bytes
    }

    /// Moves what each layer has to send into the one around it, and from the outermost to the wire.
    private func seal() throws(TLSError) {
        for index in sessions.indices.reversed() {
            let output = sessions[index].takeOutput()
            if output.isEmpty { continue }
            if index == 0 {
                unsent.append(contentsOf: output)
            } else {
                try Self.send(output, by: sessions[index - 1])
            }
        }
    }

    private static func send(_ bytes: [UInt8], by session: TLSSession) throws(TLSError) {
        try bytes.withUnsafeBufferPointer { pointer throws(TLSError) in
            try session.send(UnsafeRawBufferPointer(pointer))
        }
    }
}
