internal import LatchkeyCore
package import LatchkeyCrypto

/// Why a key must not guard a broker.
package enum KeyWeakness: Hashable, Sendable, CustomStringConvertible {
    case empty
    /// Fewer bytes than the rule asks for.
    case tooShort(minimum: Int)
    /// A byte that cannot stand in a header: control, space or non-ASCII.
    case unusableByte
    /// A word from documentation and defaults, alone, repeated or padded.
    case wellKnown
    /// Few different characters.
    case repetitive

    /// What is wrong and how to mend it; never any of the key.
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

/// The rules for `LATCHKEY_API_KEY`.
package enum KeyStrength {
    /// Least bytes of any key.
    package static let minimum = 16
    /// Least bytes of a key that guards a listener beyond loopback.
    package static let minimumBeyondLoopback = 32

    /// The first rule `key` breaks, or nil.
    package static func weakness(of key: Secret, beyondLoopback: Bool) -> KeyWeakness? {
        let bytes = key.reveal()
        if bytes.isEmpty { return .empty }
        if !bytes.allSatisfy({ (0x21...0x7E).contains($0) }) { return .unusableByte }
        let needed = beyondLoopback ? minimumBeyondLoopback : minimum
        if bytes.count < needed { return .tooShort(minimum: needed) }
        if isWellKnown(bytes) { return .wellKnown }
        if Set(bytes).count < 5 { return .repetitive }
        return nil
    }

    /// Whether nothing is left once well-known words, digits and marks are taken away.
    private static func isWellKnown(_ bytes: [UInt8]) -> Bool {
        guard !isCounting(bytes) else { return true }
        var letters = String(decoding: bytes, as: UTF8.self).lowercased().filter(\.isLetter)
        guard !letters.isEmpty else { return false }
        for word in words { letters = letters.replacing(word, with: "") }
        return letters.isEmpty
    }

    /// Digits, decimal or hexadecimal, that go up or down one by one, as `1234567890123456` and `0123456789abcdef`.
    private static func isCounting(_ bytes: [UInt8]) -> Bool {
        let digits = bytes.compactMap { Hex.value($0).map(Int.init) }
        guard digits.count == bytes.count else { return false }
        return [10, 16].contains { base in
            let steps = Set(zip(digits, digits.dropFirst()).map { ($1 - $0 + base) % base })
            return steps == [1] || steps == [base - 1]
        }
    }

    /// Longer words before those they contain: `password` before `pass`.
    private static let words = [
        "placeholder", "development", "replaceme", "production", "changeit", "changeme", "internal", "latchkey",
        "password", "insecure", "testing", "example", "default", "service", "secret", "qwerty", "bearer", "sample",
        "change", "access", "please", "secure", "apikey", "admin", "token", "dummy", "local", "guest",
        "user", "root", "test", "demo", "your", "pass", "here", "this", "todo", "prod", "key", "dev", "api", "app",
        "the", "my", "me",
    ]
}
