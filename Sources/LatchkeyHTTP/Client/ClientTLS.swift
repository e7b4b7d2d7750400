internal import LatchkeyCrypto

/// The TLS of one client connection: no layer for plain HTTP, one layer with the origin, and a layer around it with a proxy
/// that is reached over TLS.
struct ClientTLS {
    /// The outermost layer first.
    private var sessions: [TLSSession] = []

    /// Whether the connection is plain.
    var isEmpty: Bool { sessions.isEmpty }

    /// Whether the handshake of every layer is complete.
    var isEstablished: Bool { sessions.allSatisfy(\.isEstablished) }

    /// Whether the peer of the innermost layer has ended its stream with close_notify (RFC 8446 §6.1).
    var peerHasClosed: Bool { sessions.last?.peerHasClosed ?? false }

    /// Starts the handshake with `host`, inside the existing layers.
    mutating func start(host: String, context: TLSContext) throws(TLSError) {
        let session = try TLSSession(connectingTo: host, context: context)
        sessions.append(session)
        try session.start()
    }

    /// Encrypts plaintext in the innermost layer.
    func send(_ plaintext: [UInt8]) throws(TLSError) {
        if let innermost = sessions.last { try Self.send(plaintext, by: innermost) }
    }

    /// Decrypts ciphertext through all layers, from the outermost to the innermost.
    func receive(_ ciphertext: [UInt8]) throws(TLSError) -> [UInt8] {
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

    /// Moves the output of each layer into the layer around it, and the output of the outermost one to `output`.
    func seal(into output: inout ArraySlice<UInt8>) throws(TLSError) {
        for index in sessions.indices.reversed() {
            let records = sessions[index].takeOutput()
            if records.isEmpty { continue }
            if index == 0 {
                output.append(contentsOf: records)
            } else {
                try Self.send(records, by: sessions[index - 1])
            }
        }
    }

    /// Ends every layer with close_notify, from the innermost to the outermost.
    func finish(into output: inout ArraySlice<UInt8>) {
        for session in sessions.reversed() {
            session.finish()
            try? seal(into: &output)
        }
    }

    private static func send(_ bytes: [UInt8], by session: TLSSession) throws(TLSError) {
        try bytes.withUnsafeBufferPointer { pointer throws(TLSError) in
            try session.send(UnsafeRawBufferPointer(pointer))
        }
    }
}
