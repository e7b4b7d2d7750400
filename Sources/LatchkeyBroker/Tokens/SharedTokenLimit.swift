internal import LatchkeyCore

/// The longest token that a shared tier takes.
package struct SharedTokenLimit: Hashable, Sendable {
    /// In bytes.
    package let bytes: Int
    /// What to do about a token that is longer, for people: names settings.
    package let remedy: String

    package init(bytes: Int, remedy: String) {
        self.bytes = bytes
        self.remedy = remedy
    }

    /// ``TierStatus/writeErrorCode`` of a token that is too long.
    package static let code = FaultCode.tokenTooLarge.rawValue

    /// What is so, for a token of so many bytes.
    package func explanation(of token: Int) -> String {
        "the token has \(token) bytes and the shared tier takes \(bytes), so each replica fetches a token of its own"
    }
}
