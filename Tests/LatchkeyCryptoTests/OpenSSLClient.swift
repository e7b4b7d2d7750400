import COpenSSL
import LatchkeyCrypto

/// A TLS client on libssl itself, which can do what the product's client does not: show a certificate, resume a session,
/// offer other protocols, renegotiate. Connected to a server session in memory.
final class OpenSSLClient {
    /// What a client does that differs from case to case.
    struct Options {
        var version = TLS1_3_VERSION
        var serverName: String?
        /// The path of its certificate, and of its key.
        var certificate: (chain: String, key: String)?
        /// ALPN protocols with their lengths; empty for none.
        var protocols: [UInt8] = []
        /// A session to resume.
        var session: OpaquePointer?
    }

    let ssl: OpaquePointer
    private let context: OpaquePointer
    private let incoming = BIO_new(BIO_s_mem())
    private let outgoing = BIO_new(BIO_s_mem())
    let server: TLSSession
    private(set) var isEstablished = false
    var atServer: [UInt8] = []
    var atClient: [UInt8] = []

    init?(_ server: TLSSession, _ options: Options = Options()) {
        guard let context = SSL_CTX_new(TLS_client_method()), let ssl = Self.session(context, options) else {
            return nil
        }
        (self.context, self.ssl, self.server) = (context, ssl, server)
        SSL_set_bio(ssl, incoming, outgoing)
        SSL_set_connect_state(ssl)
    }

    deinit {
        // libssl takes a session that ends without close_notify out of use.
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN)
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    private static func session(_ context: OpaquePointer, _ options: Options) -> OpaquePointer? {
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(options.version), nil)
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(options.version), nil)
        if let certificate = options.certificate {
            guard SSL_CTX_use_certificate_chain_file(context, certificate.chain) == 1,
                SSL_CTX_use_PrivateKey_file(context, certificate.key, SSL_FILETYPE_PEM) == 1
            else { return nil }
        }
        if !options.protocols.isEmpty {
            SSL_CTX_set_alpn_protos(context, options.protocols, UInt32(options.protocols.count))
        }
        guard let ssl = SSL_new(context) else { return nil }
        if let name = options.serverName { latchkey_set_server_name(ssl, name) }
        if let session = options.session { SSL_set_session(ssl, session) }
        return ssl
    }

    /// Shakes hands and moves bytes in both directions, `size` at a time, until neither side has any.
    ///
    /// - Returns: false if the client fails.
    func exchange(size: Int = .max) throws -> Bool {
        var moved = true
        while moved {
            guard step() else { return false }
            var buffer = [UInt8](repeating: 0, count: 64 * 1024)
            let count = Int(BIO_read(outgoing, &buffer, Int32(buffer.count)))
            moved = count > 0
            var undelivered = buffer.prefix(max(0, count))
            while !undelivered.isEmpty {
                let piece = Array(undelivered.prefix(size))
                undelivered = undelivered.dropFirst(piece.count)
                try piece.withUnsafeBytes { try server.receive($0, into: &atServer) }
                moved = deliver() || moved
            }
            moved = deliver() || moved
        }
        return step()
    }

    /// Gives the client what the server has written.
    private func deliver() -> Bool {
        let output = server.takeOutput()
        if !output.isEmpty { BIO_write(incoming, output, Int32(output.count)) }
        return !output.isEmpty
    }

    private func step() -> Bool {
        ERR_clear_error()
        if !isEstablished {
            let result = SSL_do_handshake(ssl)
            isEstablished = result == 1
            if !isEstablished { return SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ }
        }
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = SSL_read(ssl, &buffer, Int32(buffer.count))
            if count > 0 {
                atClient += buffer[..<Int(count)]
                continue
            }
            return [SSL_ERROR_WANT_READ, SSL_ERROR_ZERO_RETURN].contains(SSL_get_error(ssl, count))
        }
    }

    func send(_ text: String) { SSL_write(ssl, text, Int32(text.utf8.count)) }

    /// The session with its ticket, for ``Options/session``. The caller frees it.
    func takeSession() -> OpaquePointer? { SSL_get1_session(ssl) }

    /// The common name of the server's certificate.
    var serverSubject: String? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        var text = [CChar](repeating: 0, count: 256)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, &text, Int32(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
