internal import COpenSSL

/// A TLS session over memory buffers: ciphertext in, plaintext and ciphertext out. It knows no socket and no clock.
///
/// A client's session passes no application data before the handshake and the verification of the certificate are done.
package final class TLSSession {
    private let context: TLSContext
    private let session: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer

    /// The handshake is complete. For a client, the peer's certificate is verified.
    package private(set) var isEstablished = false
    /// The peer has sent close_notify. If the transport ends without it, data may have been cut off (RFC 8446 §6.1).
    package private(set) var peerHasClosed = false

    /// A client's session with `host`, a DNS name, which is sent as SNI, or an IP literal, which is not (RFC 6066 §3).
    ///
    /// The certificate's subjectAltName must have the host: a name as dNSName, an address as iPAddress. The common name
    /// is ignored (RFC 9525 §2 and §6.3).
    package convenience init(connectingTo host: String, context: TLSContext) throws(TLSError) {
        try self.init(context)
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
    package convenience init(acceptingWith context: TLSContext) throws(TLSError) {
        try self.init(context)
        SSL_set_accept_state(session)
    }

    private init(_ context: TLSContext) throws(TLSError) {
        self.context = context
        guard let session = SSL_new(context.pointer), let incoming = latchkey_memory_bio(),
            let outgoing = latchkey_memory_bio()
        else { throw .failed(reason: "out of memory") }
        (self.session, self.incoming, self.outgoing) = (session, incoming, outgoing)
        SSL_set_bio(session, incoming, outgoing)
    }

    deinit { SSL_free(session) }  // Also frees both BIOs.

    /// Begins the handshake. A client's first message is then in ``takeOutput()``.
    package func start() throws(TLSError) { try handshake() }

    /// Decrypts ciphertext from the peer and appends the plaintext to `plaintext`.
    package func receive(_ bytes: UnsafeRawBufferPointer, into plaintext: inout [UInt8]) throws(TLSError) {
        var remaining = bytes
        while !remaining.isEmpty {
            ERR_clear_error()
            let count = BIO_write(incoming, remaining.baseAddress, Int32(clamping: remaining.count))
            guard count > 0 else { throw .failed(reason: "out of memory") }
            remaining = UnsafeRawBufferPointer(rebasing: remaining[Int(count)...])
        }
        if !isEstablished { try handshake() }
        if isEstablished { try read(into: &plaintext) }
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
    package func takeOutput() -> [UInt8] {
        let waiting = BIO_ctrl_pending(outgoing)
        guard waiting > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: waiting) { buffer, count in
            count = max(0, Int(BIO_read(outgoing, buffer.baseAddress, Int32(clamping: waiting))))
        }
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

    private func read(into plaintext: inout [UInt8]) throws(TLSError) {
        // A TLS record has at most 16 KiB of plaintext (RFC 8446 §5.1).
        try withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 16) { buffer throws(TLSError) in
            while !peerHasClosed {
                ERR_clear_error()
                let count = SSL_read(session, buffer.baseAddress, Int32(buffer.count))
                if count > 0 {
                    plaintext.append(contentsOf: buffer[..<Int(count)])
                    continue
                }
                switch SSL_get_error(session, count) {
                case SSL_ERROR_ZERO_RETURN: peerHasClosed = true
                case SSL_ERROR_WANT_READ: return
                default: throw failure(count)
                }
            }
        }
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
