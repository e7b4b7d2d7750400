internal import LatchkeyCore
package import LatchkeyCrypto

/// The rules for `LATCHKEY_API_KEY`.
package enum KeyStrength {
    /// The minimum length of a key in bytes.
    private static let minimumBytes = 16
    /// The minimum length where a listener is reachable from other machines.
    private static let minimumBytesBeyondLoopback = 32

    /// The first rule that `key` breaks; nil if it breaks none.
    package static func weakness(of key: Secret, beyondLoopback: Bool) -> KeyWeakness? {
        let bytes = key.reveal()
        if bytes.isEmpty { return .empty }
        if !bytes.allSatisfy({ (0x21...0x7E).contains($0) }) { return .unusableByte }
        let needed = beyondLoopback ? minimumBytesBeyondLoopback : minimumBytes
        if bytes.count < needed { return .tooShort(minimum: needed) }
        if isWellKnown(bytes) { return .wellKnown }
        if Set(bytes).count < 5 { return .repetitive }
        return nil
    }

    /// Whether the key consists of well-known words, digits and punctuation only.
    private static func isWellKnown(_ bytes: [UInt8]) -> Bool {
        guard !isCounting(bytes) else { return true }
        var letters = String(decoding: bytes, as: UTF8.self).lowercased().filter(\.isLetter)
        guard !letters.isEmpty else { return false }
        for word in words { letters = letters.replacing(word, with: "") }
        return letters.isEmpty
    }

    /// Whether the key counts up or down in decimal or hexadecimal digits, as `1234567890123456` or `0123456789abcdef`.
    private static func isCounting(_ bytes: [UInt8]) -> Bool {
        let digits = bytes.compactMap { Hex.value($0).map(Int.init) }
        guard digits.count == bytes.count else { return false }
        return [10, 16].contains { base in
            let steps = Set(zip(digits, digits.dropFirst()).map { ($1 - $0 + base) % base })
            return steps == [1] || steps == [base - 1]
        }
    }

    /// A longer word stands before the words that it contains: `password` before `pass`.
    private static let words = [
        "placeholder", "development", "replaceme", "production", "changeit", "changeme", "internal", "latchkey",
        "password", "insecure", "testing", "example", "default", "service", "secret", "qwerty", "bearer", "sample",
        "change", "access", "please", "secure", "apikey", "admin", "token", "dummy", "local", "guest",
        "user", "root", "test", "demo", "your", "pass", "here", "this", "todo", "prod", "key", "dev", "api", "app",
        "the", "my", "me",
    ]
}
