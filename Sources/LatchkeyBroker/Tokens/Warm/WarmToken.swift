package import LatchkeyCrypto

/// The token of a profile as the warm file has it. A rejected token is never in it.
package struct WarmToken: Sendable {
    package let profile: String
    /// What the tokens of the profile are for (``TokenProfile/definition``).
    package let definition: String?
    /// Nil if there is no token, and only rejections are known.
    package let token: AccessToken?
    /// The digests of rejected tokens, oldest first.
    package let rejected: [Digest]

    package init(profile: String, definition: String?, token: AccessToken?, rejected: [Digest]) {
        self.profile = profile
        self.definition = definition
        self.token = token
        self.rejected = rejected
    }
}
