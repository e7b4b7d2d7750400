internal import COpenSSL

/// The configuration that TLS sessions share. Confined to the thread that made it.
package final class TLSContext {
    let pointer: OpaquePointer
    /// What the callbacks of a server's context use; nil for clients. libssl keeps an unretained reference to it.
    let server: TLSServerState?

    /// For clients: TLS 1.2 or later. The peer's certificate and name are always verified.
    package init(clientTrusting trust: TLSTrust) throws(TLSError) {
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw .failed(reason: TLSError.lastReason()) }
        pointer = context
        server = nil
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        configure()
        switch trust {
        case .system:
            SSL_CTX_set_default_verify_paths(context)
        case .file(let path):
            if SSL_CTX_load_verify_locations(context, path, nil) != 1 { throw .unusableFile(path: path) }
        }
        // ALPN http/1.1 (RFC 7301): the handshake with a peer that speaks only HTTP/2 fails.
        let protocols = TLSServerState.protocols
        SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count))
    }

    /// For servers: TLS 1.2 or later, with the cipher suites of Mozilla's intermediate configuration.
    ///
    /// Building it parses the certificates, and so also shows whether they can be used.
    /// - Parameter tickets: the keys of session tickets, which all workers share.
    package init(serving configuration: TLSServerConfiguration, tickets: TLSTicketKeys) throws(TLSError) {
        let server = try TLSServerState(configuration, tickets: tickets)
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw .failed(reason: TLSError.lastReason()) }
        pointer = context
        self.server = server
        configure()
        try server.install(in: context)
    }

    deinit { SSL_CTX_free(pointer) }

    private func configure() {
        latchkey_set_min_tls12(pointer)
        latchkey_set_read_ahead(pointer)
        latchkey_cleanse_plaintext(pointer)
        latchkey_set_partial_write(pointer)
        // TLS 1.2 only. With renegotiation a peer could cause endless work and change its identity within a session.
        latchkey_refuse_renegotiation(pointer)
    }
}
