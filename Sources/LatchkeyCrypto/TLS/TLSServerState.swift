internal import COpenSSL

/// What the callbacks of libssl need to serve: parsed certificates, the authorities of clients and the ticket keys.
final class TLSServerState {
    /// The protocols that are offered and accepted by ALPN (RFC 7301): `http/1.1`.
    static let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
    /// TLS 1.2 suites of Mozilla's intermediate configuration with ephemeral elliptic-curve keys. TLS 1.3 has its own.
    private static let ciphers = """
        ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
        ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
        """
    /// Key exchange, preferred first. libssl knows X25519MLKEM768 from 3.5 on, and refuses a list with an unknown name.
    private static let groups = ["X25519MLKEM768:X25519:P-256", "X25519:P-256"]
    /// Tickets are accepted by every listener and worker of a broker. libssl wants a name for what they resume.
    private static let sessionContext = Array("latchkey".utf8)

    let certificates: [TLSServerCertificate]
    let tickets: TLSTicketKeys
    let clients: ClientAuthorities?
    /// Shared by the sessions of the context.
    let transport: TLSTransport

    init(_ configuration: TLSServerConfiguration, tickets: TLSTicketKeys) throws(TLSError) {
        self.tickets = tickets
        transport = try TLSTransport()
        var certificates: [TLSServerCertificate] = []
        for certificate in configuration.certificates { certificates.append(try TLSServerCertificate(certificate)) }
        self.certificates = certificates
        if let authorities = configuration.clientAuthorities {
            clients = try ClientAuthorities(authorities, isRequired: configuration.clientAuthentication == .require)
        } else {
            clients = nil
        }
    }

    /// The state of the context of `session`.
    static func of(_ session: OpaquePointer?) -> TLSServerState? {
        guard let session, let context = SSL_get_SSL_CTX(session), let data = SSL_CTX_get_ex_data(context, 0) else {
            return nil
        }
        return Unmanaged<TLSServerState>.fromOpaque(data).takeUnretainedValue()
    }

    /// Configures `context`, which must not outlive this object.
    func install(in context: OpaquePointer) throws(TLSError) {
        ERR_clear_error()
        SSL_CTX_set_ex_data(context, 0, Unmanaged.passUnretained(self).toOpaque())
        guard SSL_CTX_set_cipher_list(context, Self.ciphers) == 1,
            Self.groups.contains(where: { latchkey_set_groups(context, $0) == 1 }),
            let first = certificates.first, first.use(in: context)
        else { throw .failed(reason: TLSError.lastReason()) }
        ERR_clear_error()
        latchkey_send_chain_as_given(context)
        latchkey_accept_server_names(context)
        if certificates.count > 1 { SSL_CTX_set_cert_cb(context, chooseCertificate, nil) }
        SSL_CTX_set_alpn_select_cb(context, chooseProtocol, nil)
        SSL_CTX_set_max_early_data(context, 0)
        SSL_CTX_set_session_id_context(context, Self.sessionContext, UInt32(Self.sessionContext.count))
        latchkey_keep_no_sessions(context)
        SSL_CTX_set_timeout(context, TLSTicketKeys.sessionSeconds)
        SSL_CTX_set_tlsext_ticket_key_evp_cb(context, useTicketKey)
        SSL_CTX_set_session_ticket_cb(context, nil, judgeTicket, nil)
        try clients?.install(in: context)
    }
}

/// Shows the first certificate with the name that the client asks for (SNI); by default the first one.
private func chooseCertificate(_ session: OpaquePointer?, _: UnsafeMutableRawPointer?) -> Int32 {
    guard let session, let state = TLSServerState.of(session),
        let name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name),
        let index = state.certificates.firstIndex(where: { $0.covers(name) }), index > 0
    else { return 1 }
    // The session starts with the default, which could be used in its place if the keys are of different types.
    SSL_certs_clear(session)
    return state.certificates[index].use(for: session) ? 1 : 0
}

/// Answers ALPN. A client that offers only other protocols is refused with `no_application_protocol` (RFC 7301 §3.2).
private func chooseProtocol(
    _: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ length: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?, _ offeredLength: UInt32, _: UnsafeMutableRawPointer?
) -> Int32 {
    let offers = UnsafeBufferPointer(start: offered, count: Int(offeredLength))
    var start = 0
    while start < offers.count {
        let end = start + 1 + Int(offers[start])
        guard end <= offers.count else { break }
        if offers[start..<end].elementsEqual(TLSServerState.protocols) {
            chosen?.pointee = offered.map { $0 + start + 1 }
            length?.pointee = offers[start]
            return SSL_TLSEXT_ERR_OK
        }
        start = end
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}

/// Gives libssl the key of a ticket. 0: no such key, so the handshake is a full one; 2: the ticket is to be replaced.
private func useTicketKey(
    _ session: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?, _ iv: UnsafeMutablePointer<UInt8>?,
    _ cipher: OpaquePointer?, _ mac: OpaquePointer?, _ encrypts: Int32
) -> Int32 {
    guard let state = TLSServerState.of(session), let name else { return -1 }
    let names = UnsafeMutableBufferPointer(start: name, count: TLSTicketKeys.nameLength)
    let key: TLSTicketKeys.Key
    var isOld = false
    if encrypts == 1 {
        key = state.tickets.newest()
        _ = names.update(fromContentsOf: key.name)
    } else {
        guard let found = state.tickets.find(UnsafeBufferPointer(names)) else { return 0 }
        (key, isOld) = (found.key, found.isOld)
    }
    let isReady = key.secret.withBytes { secret in
        latchkey_ticket_ciphers(cipher, mac, secret.baseAddress?.assumingMemoryBound(to: UInt8.self), iv, encrypts)
    }
    return isReady == 1 ? (isOld ? 2 : 1) : -1
}

/// Judges a session that a client wants to resume. If its client certificate is no longer valid, the handshake is a full
/// one, in which the client has to show a valid certificate.
private func judgeTicket(
    _ session: OpaquePointer?, _ saved: OpaquePointer?, _: UnsafePointer<UInt8>?, _: Int, _ status: Int32,
    _: UnsafeMutableRawPointer?
) -> Int32 {
    guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW else {
        return SSL_TICKET_RETURN_IGNORE_RENEW
    }
    guard let saved, let state = TLSServerState.of(session) else { return SSL_TICKET_RETURN_IGNORE_RENEW }
    if let clients = state.clients, !clients.accept(SSL_SESSION_get0_peer(saved)) {
        return SSL_TICKET_RETURN_IGNORE_RENEW
    }
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
}
