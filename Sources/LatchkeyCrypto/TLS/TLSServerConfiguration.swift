internal import LatchkeyCore

/// The certificates of a server, and whom it accepts as clients.
package struct TLSServerConfiguration: Equatable, Sendable {
    /// Whether a client needs a certificate.
    package enum ClientAuthentication: String, CaseIterable, Sendable {
        /// It is asked for one. A client without one is accepted; an invalid one is refused.
        case request
        /// A client without one is refused.
        case require
    }

    /// At least one. The first is the default, for clients that name no server or an unknown one.
    package var certificates: [TLSCertificate]
    /// The authorities that client certificates must lead to, in PEM; nil if no client is asked for a certificate.
    package var clientAuthorities: [UInt8]?
    package var clientAuthentication = ClientAuthentication.request

    package init(
        certificates: [TLSCertificate], clientAuthorities: [UInt8]? = nil,
        clientAuthentication: ClientAuthentication = .request
    ) {
        self.certificates = certificates
        self.clientAuthorities = clientAuthorities
        self.clientAuthentication = clientAuthentication
    }

    /// Whether a text can be used for ``clientAuthorities``.
    package static func isAuthorities(_ pem: [UInt8]) -> Bool { (try? ClientAuthorities(pem, isRequired: true)) != nil }

    /// Throws if a session cannot be made with it.
    package func validate() throws(TLSError) {
        _ = try TLSContext(serving: self, tickets: TLSTicketKeys(now: { .distantFuture }))
    }
}
