internal import LatchkeyCore
internal import LatchkeyCrypto

/// Generates unguessable identifiers: HMAC-SHA-256 of a counter. The same key and the same requests give the same
/// identifiers.
struct Identifiers {
    private let key: [UInt8]
    private var counter: UInt64 = 0

    init(key: [UInt8]) { self.key = key }

    /// A UUID, version 4 (RFC 9562 §5.4).
    mutating func uuid() -> String {
        var bytes = Array(next().prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Array(Hex.encode(bytes))
        let cuts = [0, 8, 12, 16, 20, 32]
        return zip(cuts, cuts.dropFirst()).map { String(hex[$0..<$1]) }.joined(separator: "-")
    }

    /// The random characters at the end of a secret's ARN: `count` letters and digits, at most 32.
    mutating func letters(_ count: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return String(next().prefix(count).map { alphabet[Int($0) % alphabet.count] })
    }

    private mutating func next() -> [UInt8] {
        counter += 1
        return HMACSHA256.authenticate(Array("\(counter)".utf8), key: key).bytes
    }
}
