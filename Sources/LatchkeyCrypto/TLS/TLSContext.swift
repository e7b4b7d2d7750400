internal import COpenSSL

/// The configuration that TLS sessions share. Confined to the thread that made it.
package final class TLSContext {
    let pointer: OpaquePointer

    /// For clients: TLS 1.2 or later. The peer's certificate and name are always verified.
    package init(clientTrusting trust: TLSTrust) throws(TLSError) {
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw .failed(reason: TLSError.lastReason()) }
        pointer = context
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        configure()
        switch trust {
        case .system:
            SSL_CTX_set_default_verify_paths(context)
        case .file(let path):
            if SSL_CTX_load_verify_locations(context, path, nil) != 1 { throw .unusableFile(path: path) }
        }
        // ALPN http/1.1 (RFC 7301): the handshake with a peer that speaks only HTTP/2 fails.
        let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
        SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count))
    }

    /// For servers: a certificate chain and its key, each a PEM file.
    package init(serverCertificate certificate: String, key: String) throws(TLSError) {
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw .failed(reason: TLSError.lastReason()) }
        pointer = context
        configure()
        guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw .unusableFile(path: certificate)
        }
        guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_check_private_key(context) == 1
        else { throw .unusableFile(path: key) }
    }

    deinit { SSL_CTX_free(pointer) }

    private func configure() {
        latchkey_set_min_tls12(pointer)
        latchkey_set_read_ahead(pointer)
        latchkey_set_partial_write(pointer)
        // TLS 1.2 only. With renegotiation a peer could cause endless work and change its identity within a session.
        latchkey_refuse_renegotiation(pointer)
    }
}
