package import LatchkeyCore

/// Who the peer of a connection is, by its verified client certificate.
package struct PeerIdentity: Equatable, Sendable {
    /// The URIs of the certificate's subjectAltName, such as a SPIFFE ID.
    package let uris: [String]
    /// Its DNS names.
    package let dnsNames: [String]
    /// When the certificate expires.
    package let expiry: WallTime

    package init(uris: [String], dnsNames: [String], expiry: WallTime) {
        self.uris = uris
        self.dnsNames = dnsNames
        self.expiry = expiry
    }
}
