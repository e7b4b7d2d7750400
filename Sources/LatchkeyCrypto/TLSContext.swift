internal import COpenSSL

/// Which certificate authorities a client believes.
package enum TLSTrust: Hashable, Sendable {
    /// The system's store, where `SSL_CERT_FILE` and `SSL_CERT_DIR` override it as in every program built on OpenSSL.
    case system
    /// The certificates of one PEM file and no others: what `AWS_CA_BUNDLE` means to the AWS SDKs.
    case file(String)
}

/// Why a TLS session cannot be, or goes no further.
package enum TLSError: Error, Hashable, Sendable {
    /// The trust file, certificate or key could not be loaded.
    case unusableFile(path: String)
    /// The peer's certificate does not hold: libcrypto's reason, for example `certificate has expired`.
    case certificate(reason: String)
    /// Any other failure of the protocol: libssl's reason.
    case failed(reason: String)
    /// The transport ended without close_notify: what came may not be all (RFC 8446 §6.1).
    case truncated
}

/// What TLS sessions of one kind share. Confined to the thread that made it.
package final class TLSContext {
    let pointer: OpaquePointer

    /// For connecting: TLS 1.2 or later, the peer's certificate and name verified, always.
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
        // ALPN http/1.1 (RFC 7301): a peer that speaks only HTTP/2 is told so in the handshake.
        let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
        SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count))
    }

    /// For accepting: a certificate chain and its key, both PEM files.
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
        // TLS 1.2 alone has it. A peer could make us compute for ever, and a client's identity could change midway.
        latchkey_refuse_renegotiation(pointer)
    }
}

extension TLSError {
    /// libssl's newest reason on this thread. Clears the queue, so that it cannot be taken for a later failure's.
    static func lastReason() -> String {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else { return "protocol failure" }
        return String(cString: reason)
    }
}
