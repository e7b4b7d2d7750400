internal import LatchkeyCore

/// Which token responses a profile accepts beyond RFC 6749 §5.1, which requires status 200 and a `token_type`. None
/// unless the profile names them.
package struct TokenResponsePolicy: Hashable, Sendable {
    /// Additional token types, compared exactly. The empty string accepts a response without a type. Callers get
    /// `Bearer` in any case.
    package var tokenTypes: Set<String>
    /// Additional statuses of a response with a token.
    package var statuses: Set<Int>

    package init(tokenTypes: Set<String> = [], statuses: Set<Int> = []) {
        self.tokenTypes = tokenTypes
        self.statuses = statuses
    }

    /// The statuses that a profile may name.
    package static let possibleStatuses = 201...299

    /// Whether a response with this status can have a token.
    func accepts(status: Int) -> Bool { status == 200 || statuses.contains(status) }

    /// Whether a token of this type is accepted; nil for a response without a type. A client must not use a token whose
    /// type it does not understand (RFC 6749 §7.1). The name `bearer` is case-insensitive (§5.1).
    func accepts(tokenType: String?) -> Bool {
        guard let tokenType else { return tokenTypes.contains("") }
        return tokenType.hasSameBytesInAnyCase(as: "bearer") || !tokenType.isEmpty && tokenTypes.contains(tokenType)
    }
}
