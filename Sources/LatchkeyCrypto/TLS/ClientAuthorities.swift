internal import COpenSSL

/// The certificate authorities of clients, parsed for one thread.
final class ClientAuthorities {
    private let authorities: [X509Certificate]
    private let store: OpaquePointer
    private let isRequired: Bool

    init(_ pem: [UInt8], isRequired: Bool) throws(TLSError) {
        guard let authorities = X509Certificate.chain(pem) else { throw .failed(reason: "no certificate in PEM") }
        guard let store = X509_STORE_new() else { throw .failed(reason: "out of memory") }
        for authority in authorities { X509_STORE_add_cert(store, authority.pointer) }
        ERR_clear_error()
        self.authorities = authorities
        self.store = store
        self.isRequired = isRequired
    }

    deinit { X509_STORE_free(store) }

    /// Asks every client of `context` for a certificate that leads to one of the authorities.
    func install(in context: OpaquePointer) throws(TLSError) {
        guard latchkey_set_verify_store(context, store) == 1 else { throw .failed(reason: TLSError.lastReason()) }
        // Their names tell a client with several certificates which of them to use (RFC 8446 §4.2.4).
        for authority in authorities { SSL_CTX_add_client_CA(context, authority.pointer) }
        let mode = SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE | (isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
        SSL_CTX_set_verify(context, mode, nil)
    }

    /// Whether a session with this client certificate may be resumed: it is valid now, and leads to an authority that is
    /// trusted now. A session does not keep the intermediate certificates that the client sent, so one that needs them
    /// is not resumed.
    func accept(_ certificate: OpaquePointer?) -> Bool {
        guard let certificate else { return !isRequired }
        guard let verification = X509_STORE_CTX_new() else { return false }
        defer {
            X509_STORE_CTX_free(verification)
            ERR_clear_error()
        }
        return X509_STORE_CTX_init(verification, store, certificate, nil) == 1
            && X509_STORE_CTX_set_default(verification, "ssl_client") == 1 && X509_verify_cert(verification) == 1
    }
}
