package import LatchkeyBroker
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
        /// What the caller's key must allow; nil for the two open probes.
        package let scope: Scopes?
        package let query: Set<String>
        /// The path up to what varies.
        fileprivate let prefix: StaticString
        fileprivate let isExact: Bool

        fileprivate init(
            _ route: Route, _ prefix: StaticString, variable: String? = nil, methods: [Method] = [.get, .head],
            scope: Scopes?, query: Set<String> = []
        ) {
            self.route = route
            self.prefix = prefix
            self.methods = methods
            self.scope = scope
            self.query = query
            path = "\(prefix)\(variable.map { "{\($0)}" } ?? "")"
            isExact = variable == nil
        }

        /// The `Allow` field's value.
        package var allow: String { methods.map { $0.label.uppercased() }.joined(separator: ", ") }
    }

    /// In the order they are looked through: what is asked for most stands first.
    package static let entries = [
        Entry(.token, "/token", scope: .token, query: ["refresh", "min_ttl"]),
        Entry(.secret, "/secrets/", variable: "key", scope: .secrets, query: ["refresh", "version", "label", "field"]),
        Entry(.tokenProfile, "/token/", variable: "profile", scope: .token, query: ["refresh", "min_ttl"]),
        Entry(.livez, "/livez", scope: nil),
        Entry(.readyz, "/readyz", scope: nil),
        Entry(.health, "/health", scope: []),
        Entry(.metrics, "/metrics", scope: .metrics),
        Entry(.cacheClear, "/cache/clear", methods: [.post], scope: .admin),
    ]

    /// The route of a path, and what stands in the place of its `{…}`, still percent-encoded.
    static func find(
        _ path: UnsafeRawBufferPointer, in entries: [Entry]
    ) -> (entry: Entry, rest: UnsafeRawBufferPointer)? {
        for entry in entries {
            let length = entry.prefix.utf8CodeUnitCount
            guard entry.isExact ? path.count == length : path.count > length,
                Grammar.equals(UnsafeRawBufferPointer(rebasing: path[..<length]), entry.prefix)
            else { continue }
            return (entry, UnsafeRawBufferPointer(rebasing: path[length...]))
        }
        return nil
    }
}

extension Method {
    /// The method as metrics and routes know it.
    init(_ method: RequestMethod) {
        self =
            switch method {
            case .get: .get
            case .head: .head
            case .post: .post
            case .put, .delete, .options, .other: .other
            }
    }
}
