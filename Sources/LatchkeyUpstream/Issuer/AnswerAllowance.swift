internal import LatchkeyCore

/// What is taken of an issuer's answer beyond RFC 6749 §5.1, which has status 200 and a `token_type`. Nothing unless a
/// profile says so by name.
package struct AnswerAllowance: Hashable, Sendable {
    /// Further token types, in the one spelling that is taken. The empty text allows an answer without a type. Callers
    /// get `Bearer` in any case.
    package var tokenTypes: Set<String>
    /// Further statuses that bring a token, 201 to 299.
    package var statuses: Set<Int>

    package init(tokenTypes: Set<String> = [], statuses: Set<Int> = []) {
        self.tokenTypes = tokenTypes
        self.statuses = statuses
    }

    /// The statuses that a profile may allow.
    package static let possibleStatuses = 201...299

    /// Whether a status brings a token.
    func takes(status: Int) -> Bool { status == 200 || statuses.contains(status) }

    /// Whether a token of that type is taken; nil stands for an answer that has no type. RFC 6749 §7.1: a client must
    /// not use a token whose type it does not understand. The name `bearer` has no case (§5.1).
    func takes(tokenType: String?) -> Bool {
        guard let tokenType else { return tokenTypes.contains("") }
        return tokenType.hasSameBytesInAnyCase(as: "bearer") || !tokenType.isEmpty && tokenTypes.contains(tokenType)
    }
}
