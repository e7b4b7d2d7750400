internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyNet

/// A connection's socket with TLS or without: plaintext on one side, whatever the wire needs on the other.
final class ClientSocket {
    /// The connection cannot go on.
    enum Failure: Error, Equatable {
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
    private var session: TLSSession?
    private var unsent: [UInt8] = []

    init(_ socket: consuming Socket, handler: any EventHandler, on loop: EventLoop) throws(SystemError) {
        self.socket = socket
        channel = try loop.register(handler, descriptor: self.socket.descriptor, interest: [.read, .write])
    }

    /// TLS is not used, or its handshake is done.
    var isEstablished: Bool { session?.isEstablished ?? true }

    func pendingError() -> Int32 { socket.pendingError() }

    func startTLS(host: String, context: TLSContext, on loop: EventLoop) throws(TLSError) {
        let session = try TLSSession(connectingTo: host, context: context)
        self.session = session
        try session.start()
        unsent = session.takeOutput()
        // A write that fails shows as an error of the next read.
        try? flush(on: loop)
    }

    func send(_ bytes: [UInt8], on loop: EventLoop) throws(Failure) {
        if let session {
            do throws(TLSError) {
                try bytes.withUnsafeBufferPointer { pointer throws(TLSError) in
                    try session.send(UnsafeRawBufferPointer(pointer))
                }
            } catch {
                throw .tls(error)
            }
            unsent.append(contentsOf: session.takeOutput())
        } else {
            unsent.append(contentsOf: bytes)
        }
        try flush(on: loop)
    }

    /// Sends what waits, and asks to be told when there is room for the rest.
    func flush(on loop: EventLoop) throws(Failure) {
        if !unsent.isEmpty {
            switch unsent.withUnsafeBytes({ socket.send($0) }) {
            case .moved(let count): unsent.removeFirst(count)
            case .wouldBlock: break
            // What the peer sent before it closed may still be read: the read says how the connection ended.
            case .failed: unsent = []
            }
        }
        guard let channel else { return }
        loop.setInterest(unsent.isEmpty ? .read : [.read, .write], of: channel, descriptor: socket.descriptor)
    }

    /// What has come, as plaintext, and whether more can come.
    func receive(on loop: EventLoop) throws(Failure) -> (plaintext: [UInt8], end: End?) {
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
        guard let session else { return (received, ended ? .clean : nil) }
        if ended { return ([], session.peerHasClosed ? .clean : .truncated) }
        var plaintext: [UInt8] = []
        do throws(TLSError) {
            try received.withUnsafeBufferPointer { pointer throws(TLSError) in
                try session.receive(UnsafeRawBufferPointer(pointer), into: &plaintext)
            }
        } catch {
            // The alert that says why is worth sending; the failure stands either way.
            unsent.append(contentsOf: session.takeOutput())
            try? flush(on: loop)
            throw .tls(error)
        }
        unsent.append(contentsOf: session.takeOutput())
        try flush(on: loop)
        return (plaintext, session.peerHasClosed ? .clean : nil)
    }

    func close(on loop: EventLoop) {
        if let session {
            session.finish()
            unsent.append(contentsOf: session.takeOutput())
            if !unsent.isEmpty { _ = unsent.withUnsafeBytes { socket.send($0) } }
        }
        if let channel { loop.unregister(channel, descriptor: socket.descriptor) }
        channel = nil
    }
}
