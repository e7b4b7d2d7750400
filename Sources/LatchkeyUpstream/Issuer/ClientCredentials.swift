package import LatchkeyCrypto

/// The id and the secret of an OAuth client (RFC 6749 §2.3.1).
package struct ClientCredentials: Sendable {
    package var clientID: String
    package var clientSecret: Secret

    package init(clientID: String, clientSecret: Secret) {
        self.clientID = clientID
        self.clientSecret = clientSecret
    }
}
