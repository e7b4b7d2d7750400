internal import LatchkeyBroker
internal import LatchkeyCore

/// What memory has for a request, whose caller may have it.
struct Hit {
    enum Content {
        case token(TokenEntry, TokenForm.Format)
        /// A secret as JSON.
        case json(SecretHit, SecretBody)
        /// The value of a secret alone.
        case plain(SecretHit)
        /// The caller has the secret already.
        case unchanged(SecretHit)
    }

    let content: Content
    let caller: AuthenticatedCaller
    let now: Now

    var isToken: Bool { if case .token = content { true } else { false } }
    var isUnchanged: Bool { if case .unchanged = content { true } else { false } }

    /// The members of its audit line.
    var auditMembers: [UInt8] {
        switch content {
        case .token: HitLines.token
        case .json(let secret, _), .plain(let secret): secret.entry.form { SecretForm(hit: secret.entry) }.given
        case .unchanged(let secret): secret.entry.form { SecretForm(hit: secret.entry) }.unchanged
        }
    }
}
