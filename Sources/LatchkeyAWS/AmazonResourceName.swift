/// An Amazon Resource Name (AWS General Reference, "Amazon Resource Names"):
/// `arn:partition:service:region:account:resource`.
///
/// Every part is kept, so that a name of another account, partition or region is never taken for one of ours. Parts are
/// compared as they stand: AWS gives no two spellings of one name.
package struct AmazonResourceName: Hashable, Sendable, CustomStringConvertible {
    /// The longest name that is read, in bytes (Secrets Manager API Reference, `SecretId`).
    package static let maxBytes = 2048

    package let partition: String
    package let service: String
    /// Empty for services that have no regions.
    package let region: String
    /// Twelve digits, or empty where the service's names have none.
    package let account: String
    /// What follows the fifth colon, colons included.
    package let resource: String

    /// Whether a text sets out to be an ARN, whatever follows.
    package static func isMeant(by text: some StringProtocol) -> Bool { text.utf8.starts(with: "arn:".utf8) }

    /// Nil for what is no ARN: too long, fewer than six parts, a part that may not be empty, an account that is not
    /// twelve digits, or bytes outside visible ASCII.
    package init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard bytes.count <= Self.maxBytes, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 5, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 6, parts[0] == "arn", ![parts[1], parts[2], parts[5]].contains("") else { return nil }
        guard parts[4].isEmpty || Self.isAccount(parts[4]) else { return nil }
        (partition, service, region, account, resource) = (parts[1], parts[2], parts[3], parts[4], parts[5])
    }

    /// Whether the text is the id of an account: twelve digits.
    package static func isAccount(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// The name as it is written.
    package var description: String { "arn:\(partition):\(service):\(region):\(account):\(resource)" }
}
