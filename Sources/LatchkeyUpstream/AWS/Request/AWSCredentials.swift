package import LatchkeyCore
package import LatchkeyCrypto

/// The credentials that sign AWS requests.
package struct AWSCredentials: Sendable {
    package var accessKeyID: String
    package var secretAccessKey: Secret
    /// Temporary credentials have one; sent in `X-Amz-Security-Token`.
    package var sessionToken: Secret?
    /// When the credentials expire, by our own wall clock at the time they were received; nil if unknown.
    package var expiration: WallTime?

    package init(
        accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil, expiration: WallTime? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// Credentials from three texts, of which an empty one counts as absent. Nil without an id or a secret.
    init?(id: String?, secret: String?, token: String?) {
        guard let id, !id.isEmpty, let secret, !secret.isEmpty else { return nil }
        self.init(
            accessKeyID: id, secretAccessKey: Secret(secret),
            sessionToken: token.flatMap { $0.isEmpty ? nil : Secret($0) })
    }

    /// Whether both have the same keys and token, whatever their expiration.
    func hasSameKeys(as other: AWSCredentials) -> Bool {
        accessKeyID == other.accessKeyID && secretAccessKey == other.secretAccessKey
            && sessionToken == other.sessionToken
    }

    /// Whether id and token are visible ASCII, so that they can stand in a header (RFC 9110 §5.5).
    var isVisibleASCII: Bool {
        accessKeyID.utf8.allSatisfy(ASCII.isVisible)
            && (sessionToken?.withBytes { $0.allSatisfy(ASCII.isVisible) } ?? true)
    }
}
