package import LatchkeyBroker

/// Which of AWS's names are the application's, and which keys of the broker they are.
package struct FrontNames: Sendable {
    /// `/orders/prod`.
    package let prefix: String

    package init(prefix: String) { self.prefix = prefix }

    /// The key of a parameter's full name; nil outside the prefix, and for the token cache and Latchkey's own.
    package func key(ofParameter name: some StringProtocol) -> SecretKey? { Self.key(name, below: prefix) }

    /// The key of a secret's name; those begin with the prefix without its leading slash.
    package func key(ofSecret name: some StringProtocol) -> SecretKey? { Self.key(name, below: secretPrefix) }

    /// The key of a path that parameters may be listed below: the prefix, or a path below it. No slash at the end.
    package func key(ofPath path: some StringProtocol) -> SecretKey? {
        path == prefix ? .root : key(ofParameter: path)
    }

    package func secret(_ key: SecretKey) -> String { "\(secretPrefix)/\(key.name)" }

    private var secretPrefix: String { prefix.hasPrefix("/") ? String(prefix.dropFirst()) : prefix }

    private static func key(_ name: some StringProtocol, below prefix: String) -> SecretKey? {
        guard name.hasPrefix("\(prefix)/") else { return nil }
        return SecretKey(String(name.dropFirst(prefix.count + 1)))
    }

    /// The resource of an ARN of this service and kind (`arn:aws:ssm:eu-central-1:123456789012:parameter/a/b` → `/a/b`);
    /// nil for what is no such ARN.
    static func resource(ofARN text: String, service: FrontService, after kind: String) -> Substring? {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == service.rawValue, parts[5].hasPrefix(kind) else {
            return nil
        }
        return parts[5].dropFirst(kind.count)
    }
}
