package import LatchkeyCore
package import LatchkeyCrypto

/// What AWS requests are signed with.
package struct AWSCredentials: Sendable {
    package var accessKeyID: String
    package var secretAccessKey: Secret
    /// Present with temporary credentials; sent in `X-Amz-Security-Token`.
    package var sessionToken: Secret?
    /// When they end, where that is known: by our own wall clock as it was when they came.
    package var expiration: WallTime?

    package init(
        accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil, expiration: WallTime? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// A set of long-term keys, or of temporary ones that somebody else keeps fresh; nil where half of it is missing.
    /// Empty means absent.
    init?(id: String?, secret: String?, token: String?) {
        guard let id, !id.isEmpty, let secret, !secret.isEmpty else { return nil }
        self.init(
            accessKeyID: id, secretAccessKey: Secret(secret),
            sessionToken: token.flatMap { $0.isEmpty ? nil : Secret($0) })
    }

    /// Whether two sets are one and the same, found once more.
    func isSameSet(as other: AWSCredentials) -> Bool {
        accessKeyID == other.accessKeyID && secretAccessKey == other.secretAccessKey
            && sessionToken == other.sessionToken
    }
}
