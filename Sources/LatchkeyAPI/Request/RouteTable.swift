internal import LatchkeyBroker
internal import LatchkeyHTTP
package import LatchkeyMetrics

/// The routes there are: path, methods, who may, and which query parameters. `openapi.yaml` is held against this.
package enum RouteTable {
    /// One route. An object, so that handing it on costs one count and not one for each of its parts.
    package final class Entry: Sendable {
        package let route: Route
        /// With `{name}` for what varies, which is always the end.
        package let path: String
        package let methods: [Method]
        package let access: Access
        package let query: Set<String>
        /// The path up to what varies.
        fileprivate let prefix: StaticString
        fileprivate let isExact: Bool
        /// One slash more at the path's end means the same: clients are given the addresses of the fronts by hand, and
        /// AWS's own examples have it.
        fileprivate let allowsTrailingSlash: Bool

        fileprivate init(
            _ route: Route, _ prefix: StaticString, variable: String? = nil, methods: [Method] = [.get, .head],
            access: Access, query: Set<String> = [], allowsTrailingSlash: Bool = false
        ) {
            self.route = route
            self.prefix = prefix
            self.methods = methods
            self.access = access
            self.query = query
            path = "\(prefix)\(variable.map { "{\($0)}" } ?? "")"
            isExact = variable == nil
            self.allowsTrailingSlash = allowsTrailingSlash
        }

        /// The `Allow` field's value.
        package var allow: String { methods.map { $0.label.uppercased() }.joined(separator: ", ") }
    }

    /// In the order they are looked through: what is asked for most stands first, a path before a pattern it fits.
    package static let entries = [
        Entry(.token, "/token", access: .key(.token), query: ["refresh", "min_ttl"]),
        Entry(
            .secret, "/secrets/", variable: "key", access: .key(.secrets),
            query: ["refresh", "version", "label", "field", "wait"]),
        Entry(.secrets, "/secrets", access: .key(.secrets), query: ["keys", "refresh"]),
        Entry(.tokenRejected, "/token/rejected", methods: [.post], access: .key(.token)),
        Entry(.tokenProfile, "/token/", variable: "profile", access: .key(.token), query: ["refresh", "min_ttl"]),
        Entry(.oauthToken, "/oauth/token", methods: [.post], access: .client(.token), allowsTrailingSlash: true),
        Entry(.aws, "/", methods: [.post], access: .signed(.secrets)),
        Entry(
            .extensionSecrets, "/secretsmanager/get", methods: [.get], access: .token(.secrets),
            query: ["secretId", "versionId", "versionStage", "refreshNow"], allowsTrailingSlash: true),
        Entry(
            .extensionSecrets, "/v1/", variable: "secretId", methods: [.get], access: .token(.secrets),
            query: ["versionId", "versionStage", "refreshNow"], allowsTrailingSlash: true),
        Entry(
            .extensionParameters, "/systemsmanager/parameters/get", methods: [.get], access: .token(.secrets),
            query: ["name", "version", "label", "withDecryption"], allowsTrailingSlash: true),
        Entry(.livez, "/livez", access: .open),
        Entry(.readyz, "/readyz", access: .open),
        Entry(.health, "/health", access: .key([])),
        Entry(.metrics, "/metrics", access: .key(.metrics)),
        Entry(.cacheClear, "/cache/clear", methods: [.post], access: .key(.admin)),
    ]

    /// The route of a path, and what stands in the place of its `{…}`, still percent-encoded.
    package static func find(
        _ path: UnsafeRawBufferPointer, in entries: [Entry]
    ) -> (entry: Entry, rest: UnsafeRawBufferPointer)? {
        for entry in entries {
            let length = entry.prefix.utf8CodeUnitCount
            guard path.count >= length, Grammar.equals(UnsafeRawBufferPointer(rebasing: path[..<length]), entry.prefix)
            else { continue }
            var rest = UnsafeRawBufferPointer(rebasing: path[length...])
            if entry.allowsTrailingSlash, rest.last == slash {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropLast())
                // A second one is part of no name here.
                if rest.last == slash { continue }
            }
            if rest.isEmpty == entry.isExact { return (entry, rest) }
        }
        return nil
    }

    private static let slash = UInt8(ascii: "/")
}
