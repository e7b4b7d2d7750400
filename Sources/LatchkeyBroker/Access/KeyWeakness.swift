/// Why an API key is refused.
package enum KeyWeakness: Hashable, Sendable, CustomStringConvertible {
    case empty
    /// Fewer bytes than required.
    case tooShort(minimum: Int)
    /// A control character, a space or a non-ASCII byte, none of which an HTTP header can carry.
    case unusableByte
    /// A word from documentation or defaults, alone, repeated or padded with digits.
    case wellKnown
    /// Fewer than five different characters.
    case repetitive

    /// What is wrong and how to fix it, without any part of the key.
    package var description: String {
        switch self {
        case .empty: "is empty; make one with: openssl rand -hex 32"
        case .tooShort(let minimum): "is shorter than \(minimum) bytes; make one with: openssl rand -hex 32"
        case .unusableByte:
            "holds a byte that no header can carry (a line end, perhaps); use visible ASCII characters only"
        case .wellKnown: "is a well-known word; make one with: openssl rand -hex 32"
        case .repetitive: "repeats a few characters; make one with: openssl rand -hex 32"
        }
    }
}
