internal import LatchkeyAWS
package import LatchkeyBroker
internal import LatchkeyCore

/// Maps the application's AWS names to the broker's keys.
package struct ResourceNames: Sendable {
    /// For example `/orders/prod`.
    package let prefix: String
    /// The region whose stores this broker reads, and its partition, such as `eu-central-1` and `aws`.
    package let region: String
    package let partition: String

    package init(prefix: String, region: String, partition: String) {
        self.prefix = prefix
        self.region = region
        self.partition = partition
    }

    /// Whether the ARN is in this region and partition. The account is compared later, with the store's answer.
    func isLocal(_ name: AmazonResourceName) -> Bool {
        name.region == region && name.partition == partition && !name.account.isEmpty
    }

    /// The key of a parameter's full name; nil outside the prefix, for the token cache and for Latchkey's own
    /// parameters.
    package func key(ofParameter name: some StringProtocol) -> SecretKey? { Self.key(name, below: prefix) }

    /// The key of a secret's name, which begins with the prefix without its leading slash.
    package func key(ofSecret name: some StringProtocol) -> SecretKey? { Self.key(name, below: secretPrefix) }

    /// The key of a path that may be listed: the prefix or a path below it, without a trailing slash.
    package func key(ofPath path: some StringProtocol) -> SecretKey? {
        path.hasSameBytes(as: prefix) ? .root : key(ofParameter: path)
    }

    package func secret(_ key: SecretKey) -> String { "\(secretPrefix)/\(key.name)" }

    private var secretPrefix: String { prefix.hasPrefix("/") ? String(prefix.dropFirst()) : prefix }

    private static func key(_ name: some StringProtocol, below prefix: String) -> SecretKey? {
        let start = "\(prefix)/".utf8
        guard name.utf8.starts(with: start) else { return nil }
        return SecretKey(String(decoding: name.utf8.dropFirst(start.count), as: UTF8.self))
    }
}
