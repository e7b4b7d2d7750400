internal import LatchkeyBroker
internal import LatchkeyHTTP
package import LatchkeyMetrics

/// All routes with their paths, methods, access and query parameters. A test compares `openapi.yaml` with this table.
package enum RouteTable {
    /// One route. A class, so that passing it costs one retain instead of one for each member.
    package final class Entry: Sendable {
        package let route: Route
        /// A variable part `{name}` is always at the end.
        package let path: String
        package let methods: [Method]
        package let access: Access
        package let query: Set<String>
        /// Whether the probe listener has the route.
        let isForProbes: Bool
        /// The path before the variable part.
        fileprivate let prefix: StaticString
        fileprivate let isExact: Bool
        /// Whether one trailing slash is ignored. Users type these URLs by hand, and AWS's own examples have the slash.
        fileprivate let allowsTrailingSlash: Bool

        fileprivate init(
            _ route: Route, _ prefix: StaticString, variable: String? = nil, methods: [Method] = [.get, .head],
            access: Access, query: Set<String> = [], allowsTrailingSlash: Bool = false
        ) {
            self.route = route
            isForProbes = [.livez, .readyz, .metrics].contains(route)
            self.prefix = prefix
            self.methods = methods
            self.access = access
            self.query = query
            path = "\(prefix)\(variable.map { "{\($0)}" } ?? "")"
            isExact = variable == nil
            self.allowsTrailingSlash = allowsTrailingSlash
        }

        /// The part of `path` that matches `{…}`, still percent-encoded; empty for a route without it.
        ///
        /// - Parameter path: a path that matches this route.
        func parameter(of path: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
            let rest = UnsafeRawBufferPointer(rebasing: path[prefix.utf8CodeUnitCount...])
            guard allowsTrailingSlash, rest.last == slash else { return rest }
            return UnsafeRawBufferPointer(rebasing: rest.dropLast())
        }

        /// Whether this route has the path.
        fileprivate func matches(_ path: UnsafeRawBufferPointer) -> Bool {
            let length = prefix.utf8CodeUnitCount
            guard path.count >= length, Grammar.equals(UnsafeRawBufferPointer(rebasing: path[..<length]), prefix) else {
                return false
            }
            let rest = parameter(of: path)
            // A second trailing slash is part of no name.
            if allowsTrailingSlash, rest.last == slash { return false }
            return rest.isEmpty == isExact
        }

        /// The value of the `Allow` field.
        package var allow: String { methods.map { $0.label.uppercased() }.joined(separator: ", ") }
    }

    /// In lookup order: frequent routes first, and an exact path before a pattern that matches it.
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
        Entry(.openAPI, "/openapi.yaml", access: .key([])),
        Entry(.cacheClear, "/cache/clear", methods: [.post], access: .key(.admin)),
    ]

    /// The route that matches `path`.
    static func find(_ path: UnsafeRawBufferPointer, in entries: [Entry]) -> Entry? {
        for entry in entries where entry.matches(path) { return entry }
        return nil
    }

    private static let slash = UInt8(ascii: "/")
}
