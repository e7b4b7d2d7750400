internal import COpenSSL
internal import LatchkeyCore

/// A TLS session over memory buffers: ciphertext in, plaintext and ciphertext out. It knows no socket and no clock.
///
/// A client's session passes no application data before the handshake and the verification of the certificate are done.
package final class TLSSession {
    /// A TLS record has at most 16 KiB of plaintext (RFC 8446 §5.1).
    package static let maxRecordBytes = 16 * 1024

    private let context: TLSContext
    private let session: OpaquePointer
    private let transport: TLSTransport

    /// The handshake is complete. For a client, the peer's certificate is verified.
    package private(set) var isEstablished = false
    /// The peer has sent close_notify. If the transport ends without it, data may have been cut off (RFC 8446 §6.1).
    package private(set) var peerHasClosed = false

    /// A client's session with `host`, a DNS name, which is sent as SNI, or an IP literal, which is not (RFC 6066 §3).
    ///
    /// The certificate's subjectAltName must have the host: a name as dNSName, an address as iPAddress. The common name
    /// is ignored (RFC 9525 §2 and §6.3).
    package convenience init(connectingTo host: String, context: TLSContext) throws(TLSError) {
        try self.init(context, TLSTransport())
        SSL_set_connect_state(session)
        let parameters = SSL_get0_param(session)
        // RFC 9525 §6.3 does not allow partial wildcards (f*.example).
        X509_VERIFY_PARAM_set_hostflags(
            parameters, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        if X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1 {
            guard X509_VERIFY_PARAM_set1_host(parameters, host, host.utf8.count) == 1,
                latchkey_set_server_name(session, host) == 1
            else { throw .failed(reason: "the host name cannot be verified") }
        }
    }

    /// A server's session with a client that has connected.
    ///
    /// The sessions of one context share the memory for output: after each call that may write (``receive(_:into:)``,
    /// ``send(_:)``, ``finish()``), the output must be taken before another session is called.
    package convenience init(acceptingWith context: TLSContext) throws(TLSError) {
        guard let server = context.server else { throw .failed(reason: "not a context for servers") }
        try self.init(context, server.transport)
        SSL_set_accept_state(session)
    }

    private init(_ context: TLSContext, _ transport: TLSTransport) throws(TLSError) {
        self.context = context
        self.transport = transport
        guard let session = SSL_new(context.pointer) else { throw .failed(reason: "out of memory") }
        guard let bio = transport.makeBIO() else {
            SSL_free(session)
            throw .failed(reason: "out of memory")
        }
        self.session = session
        SSL_set_bio(session, bio, bio)
    }

    deinit { SSL_free(session) }  // Also frees the BIO.

    /// Begins the handshake. A client's first message is then in ``takeOutput()``.
    package func start() throws(TLSError) { try handshake() }

    /// Decrypts ciphertext from the peer and appends the plaintext to `plaintext`.
    package func receive(_ bytes: UnsafeRawBufferPointer, into plaintext: inout [UInt8]) throws(TLSError) {
        try withUnsafeTemporaryAllocation(byteCount: Self.maxRecordBytes, alignment: 16) { buffer throws(TLSError) in
            var undelivered = bytes
            repeat {
                // What is offered beside an incomplete record always fits into the buffer.
                let part = UnsafeRawBufferPointer(rebasing: undelivered.prefix(Self.maxRecordBytes))
                undelivered = UnsafeRawBufferPointer(rebasing: undelivered.dropFirst(part.count))
                try transport.offer(part) { () throws(TLSError) in
                    if !isEstablished { try handshake() }
                    while isEstablished {
                        let count = try read(into: buffer)
                        if count == 0 { return }
                        plaintext.append(contentsOf: buffer[..<count])
                        Wiping.wipe(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
                    }
                }
            } while !undelivered.isEmpty
        }
    }

    /// Decrypts ciphertext from the peer into `buffer`, which must have room for it and one more record.
    ///
    /// Reads until libssl wants more ciphertext. Nothing that could be read stays in libssl, where no socket would announce
    /// it (`SSL_has_pending`): what stays is part of a record.
    /// - Returns: the number of bytes of plaintext.
    package func receive(
        _ bytes: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer
    ) throws(TLSError) -> Int {
        precondition(buffer.count >= bytes.count + Self.maxRecordBytes)
        return try transport.offer(bytes) { () throws(TLSError) in
            if !isEstablished { try handshake() }
            var filled = 0
            while isEstablished {
                let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
                if count == 0 { break }
                filled += count
            }
            return filled
        }
    }

    /// Encrypts `bytes`. The ciphertext is then in ``takeOutput()``. Throws before the session is established.
    package func send(_ bytes: UnsafeRawBufferPointer) throws(TLSError) {
        var remaining = bytes
        while !remaining.isEmpty {
            ERR_clear_error()
            let count = SSL_write(session, remaining.baseAddress, Int32(clamping: remaining.count))
            guard count > 0 else { throw failure(count) }
            remaining = UnsafeRawBufferPointer(rebasing: remaining[Int(count)...])
        }
    }

    /// Sends close_notify.
    package func finish() {
        ERR_clear_error()
        if isEstablished { SSL_shutdown(session) }
        ERR_clear_error()
    }

    /// Removes and returns the ciphertext for the peer.
    package func takeOutput() -> [UInt8] { withOutput { Array($0) } }

    /// Calls `body` with the ciphertext for the peer, and removes it.
    package func withOutput<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        defer { transport.clearOutput() }
        return body(transport.output)
    }

    private func handshake() throws(TLSError) {
        ERR_clear_error()
        let result = SSL_do_handshake(session)
        if result == 1 {
            isEstablished = true
        } else if SSL_get_error(session, result) != SSL_ERROR_WANT_READ {
            throw failure(result)
        }
    }

    /// - Returns: the number of bytes read; 0 if libssl needs more ciphertext, the peer has closed, or the buffer is empty.
    private func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> Int {
        if peerHasClosed || buffer.isEmpty { return 0 }
        ERR_clear_error()
        let count = SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count))
        if count > 0 { return Int(count) }
        switch SSL_get_error(session, count) {
        case SSL_ERROR_ZERO_RETURN: peerHasClosed = true
        case SSL_ERROR_WANT_READ: break
        default: throw failure(count)
        }
        return 0
    }

    private func failure(_ result: Int32) -> TLSError {
        let verification = SSL_get_verify_result(session)
        if verification != Int(X509_V_OK), let reason = X509_verify_cert_error_string(verification) {
            ERR_clear_error()
            return .certificate(reason: String(cString: reason))
        }
        return .failed(reason: TLSError.lastReason())
    }
}

// MARK: - What was negotiated

extension TLSSession {
    /// Whether an earlier session was resumed.
    package var isResumed: Bool { SSL_session_reused(session) == 1 }

    /// The identity in the peer's verified certificate; nil if it has shown none.
    package var peerIdentity: PeerIdentity? {
        guard isEstablished, SSL_get_verify_result(session) == Int(X509_V_OK),
            let pointer = SSL_get1_peer_certificate(session)
        else { return nil }
        let certificate = X509Certificate(owning: pointer)
        return PeerIdentity(
            uris: certificate.names(of: GEN_URI), dnsNames: certificate.names(of: GEN_DNS), expiry: certificate.expiry)
    }

    /// Version, cipher suite and key exchange, such as `TLSv1.3 TLS_AES_256_GCM_SHA384 x25519`, for the log.
    package var summary: String {
        let parts = [SSL_get_version(session), SSL_CIPHER_get_name(SSL_get_current_cipher(session)), group]
        return parts.compactMap { $0.map { String(cString: $0) } }.joined(separator: " ")
    }

    /// The group of the key exchange; nil for a resumed session without one.
    private var group: UnsafePointer<CChar>? { latchkey_negotiated_group(session) }
}
