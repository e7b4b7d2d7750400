internal import LatchkeyCore

/// An Amazon Resource Name (AWS General Reference, "Amazon Resource Names"):
/// `arn:partition:service:region:account:resource`.
///
/// All parts are kept, so that a name of another account, partition or region is never taken for one of ours. Parts are
/// compared exactly: each name has one spelling.
package struct AmazonResourceName: Hashable, Sendable, CustomStringConvertible {
    /// The most bytes that a name may have (Secrets Manager API Reference, `SecretId`).
    package static let maxBytes = 2048

    package let partition: String
    package let service: String
    /// Empty for services without regions.
    package let region: String
    /// Twelve digits, or empty if the service's names have no account.
    package let account: String
    /// The part after the fifth colon, which may have colons.
    package let resource: String

    /// Whether `text` begins like an ARN. It need not be a valid one.
    package static func hasARNPrefix(_ text: some StringProtocol) -> Bool { text.utf8.starts(with: "arn:".utf8) }

    /// Nil if the text is too long, has bytes other than visible ASCII or fewer than six parts, if a required part is
    /// empty, or if the account is not twelve digits.
    package init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard bytes.count <= Self.maxBytes, bytes.allSatisfy(ASCII.isVisible) else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 5, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 6, parts[0] == "arn", ![parts[1], parts[2], parts[5]].contains("") else { return nil }
        guard parts[4].isEmpty || Self.isAccount(parts[4]) else { return nil }
        (partition, service, region, account, resource) = (parts[1], parts[2], parts[3], parts[4], parts[5])
    }

    /// Whether `text` is an account id: twelve digits.
    package static func isAccount(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy(ASCII.isDigit)
    }

    /// The text of the name.
    package var description: String { "arn:\(partition):\(service):\(region):\(account):\(resource)" }
}
