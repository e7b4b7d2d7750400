internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyNet

/// The byte stream of an accepted connection: a plain socket, or TLS over one. Which of them is decided once, when the
/// connection is accepted.
struct ServerStream: ~Copyable {
    /// The result of ``receive(into:tls:)``.
    enum Reading {
        /// No plaintext: nothing has arrived, or a part of the handshake or of a record.
        case nothing
        /// So many bytes are in the buffer.
        case bytes(Int)
        /// The peer has ended its stream, with close_notify or without.
        case end
        /// The connection is broken.
        case failed
        /// The peer has violated TLS, or the two sides do not agree. The alert is in the output.
        case tlsFailed(String)
        /// The first bytes, so many of them in the buffer, are a request in plain HTTP. The stream is plain now, for the
        /// answer.
        case plainHTTP(Int)
    }

    /// A certificate may have any number of names.
    private static let maxSummaryLength = 500

    private let socket: Socket
    /// The process at the other end of a Unix socket, read once; nil on another connection.
    let unixPeer: UnixPeer?
    /// Nil for a plain connection.
    private var session: TLSSession?
    private var hasReceived = false
    private var hasFailed = false

    /// - Parameters:
    ///   - isUnix: whether it is a connection of a Unix socket.
    ///   - session: nil for a plain connection.
    init(_ socket: consuming Socket, isUnix: Bool, session: TLSSession?) {
        unixPeer = isUnix ? socket.unixPeer : nil
        self.socket = socket
        self.session = session
    }

    var descriptor: Int32 { socket.descriptor }

    var isTLS: Bool { session != nil }

    /// Whether the TLS handshake is complete.
    var isEstablished: Bool { session?.isEstablished ?? false }

    /// Whether an earlier TLS session was resumed.
    var isResumed: Bool { session?.isResumed ?? false }

    /// The identity in the client's certificate; nil if it has shown none.
    var peer: PeerIdentity? { session?.peerIdentity }

    /// The address of the peer, or user and process at the other end of a Unix socket. One system call.
    var peerName: [UInt8] {
        if let unixPeer { return Array("unix:uid=\(unixPeer.user),pid=\(unixPeer.process)".utf8) }
        return Array((socket.peerAddress?.description ?? "").utf8)
    }

    /// Version, cipher suite and key exchange, and the names in the client's certificate, for the log.
    var summary: String {
        let names = peer.map { $0.uris + $0.dnsNames } ?? []
        return String(([session?.summary ?? "plain"] + names).joined(separator: " ").prefix(Self.maxSummaryLength))
    }

    // MARK: Receiving

    /// Receives into `buffer`, at most 64 KiB. What TLS has to send in return is then in the output.
    mutating func receive(into buffer: UnsafeMutableRawBufferPointer, tls: WorkerTLS?) -> Reading {
        guard let session, let tls else { return receiveWire(into: buffer) }
        switch socket.receive(into: tls.ciphertext) {
        case .wouldBlock: return .nothing
        case .failed: return .failed
        case .moved(0): return .end
        case .moved(let count):
            let bytes = UnsafeRawBufferPointer(rebasing: tls.ciphertext[..<count])
            return receive(bytes, with: session, into: buffer)
        }
    }

    private mutating func receive(
        _ bytes: UnsafeRawBufferPointer, with session: TLSSession, into buffer: UnsafeMutableRawBufferPointer
    ) -> Reading {
        if !hasReceived {
            hasReceived = true
            // A TLS handshake starts with 22 (RFC 8446 §5.1), a request with a token or an empty line.
            if let first = bytes.first, Grammar.isToken(first) || first == 0x0D || first == 0x0A {
                self.session = nil
                buffer.copyMemory(from: bytes)
                return .plainHTTP(bytes.count)
            }
        }
        do throws(TLSError) {
            let count = try session.receive(bytes, into: buffer)
            if count > 0 { return .bytes(count) }
            return session.peerHasClosed ? .end : .nothing
        } catch {
            hasFailed = true
            return .tlsFailed(error.reason)
        }
    }

    /// Whether the peer has sent close_notify. It can come with the last bytes.
    var peerHasClosed: Bool { session?.peerHasClosed ?? false }

    /// Receives bytes as they are on the wire, to be discarded.
    func receiveWire(into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        switch socket.receive(into: buffer) {
        case .wouldBlock: .nothing
        case .failed: .failed
        case .moved(0): .end
        case .moved(let count): .bytes(count)
        }
    }

    // MARK: Sending

    /// Sends bytes as they go on the wire: those that ``seal(_:)`` or ``withRecords(_:)`` gave.
    func send(_ bytes: UnsafeRawBufferPointer) -> Socket.Transfer { socket.send(bytes) }

    /// Turns plaintext into what goes on the wire. On a TLS connection that is not established nothing does.
    ///
    /// - Returns: false if the session cannot send.
    func seal(_ output: inout [UInt8]) -> Bool {
        guard let session else { return true }
        guard session.isEstablished, !hasFailed else {
            Wiping.removeAll(&output, keepingCapacity: true)
            return session.isEstablished == false
        }
        do throws(TLSError) {
            try output.withUnsafeBufferPointer { bytes throws(TLSError) in
                try session.send(UnsafeRawBufferPointer(bytes))
            }
        } catch {
            session.withOutput { _ in }
            return false
        }
        Wiping.removeAll(&output, keepingCapacity: true)
        session.withOutput { output.append(contentsOf: $0) }
        return true
    }

    /// Calls `body` with what TLS itself has to send: parts of the handshake, tickets, alerts.
    func withRecords<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        session.flatMap { $0.withOutput { $0.isEmpty ? nil : body($0) } }
    }

    /// Sends close_notify (RFC 8446 §6.1), which the peer needs to know that no reply was cut off. Everything else must have
    /// been sent.
    func sendCloseNotify() {
        guard let session, session.isEstablished, !hasFailed else { return }
        session.finish()
        session.withOutput { if !$0.isEmpty { _ = socket.send($0) } }
    }

    /// Shuts down the sending direction of the socket.
    func finishWriting() { socket.finishWriting() }
}
