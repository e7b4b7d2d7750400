internal import LatchkeyCore

/// The maximum length of a token in a shared tier.
package struct SharedTokenLimit: Hashable, Sendable {
    package let bytes: Int
    /// What to do about a longer token. Names settings.
    package let remedy: String

    package init(bytes: Int, remedy: String) {
        self.bytes = bytes
        self.remedy = remedy
    }

    /// ``TierStatus/writeErrorCode`` of a token that is too long.
    package static let code = FaultCode.tokenTooLarge.rawValue

    /// Describes the effect for a token of that many bytes.
    package func explanation(of token: Int) -> String {
        "the token has \(token) bytes, but the shared tier accepts at most \(bytes), so each replica requests its own token"
    }
}
