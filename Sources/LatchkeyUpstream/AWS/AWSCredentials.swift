package import LatchkeyCore
package import LatchkeyCrypto

/// What AWS requests are signed with.
package struct AWSCredentials: Sendable {
    package var accessKeyID: String
    package var secretAccessKey: Secret
    /// Present with temporary credentials; sent in `X-Amz-Security-Token`.
    package var sessionToken: Secret?
    /// When they end, where that is known.
    package var expiration: WallTime?

    package init(
        accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil, expiration: WallTime? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }
}
