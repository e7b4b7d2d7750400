package import LatchkeyBroker
internal import LatchkeyHTTP
package import LatchkeyMetrics

/// The routes there are: path, methods, who may, and which query parameters. `openapi.yaml` is held against this.
package struct RouteTable: Sendable {
    /// One route.
    package struct Entry: Sendable {
        package let route: Route
        /// With `{name}` for what varies.
        package let path: String
        package let methods: [Method]
        /// What the caller's key must allow; nil for the two open probes.
        package let scope: Scopes?
        package let query: Set<String>
    }

    package static let entries = [
        Entry(route: .token, path: "/token", methods: [.get, .head], scope: .token, query: ["refresh", "min_ttl"]),
        Entry(
            route: .tokenProfile, path: "/token/{profile}", methods: [.get, .head], scope: .token,
            query: ["refresh", "min_ttl"]),
        Entry(
            route: .secret, path: "/secrets/{key}", methods: [.get, .head], scope: .secrets,
            query: ["refresh", "version", "label", "field"]),
        Entry(route: .cacheClear, path: "/cache/clear", methods: [.post], scope: .admin, query: []),
        Entry(route: .health, path: "/health", methods: [.get, .head], scope: [], query: []),
        Entry(route: .livez, path: "/livez", methods: [.get, .head], scope: nil, query: []),
        Entry(route: .readyz, path: "/readyz", methods: [.get, .head], scope: nil, query: []),
        Entry(route: .metrics, path: "/metrics", methods: [.get, .head], scope: .metrics, query: []),
    ]

    /// The route of a path, and what stands in the place of its `{…}`, still percent-encoded.
    static func find(_ path: UnsafeRawBufferPointer) -> (entry: Entry, rest: UnsafeRawBufferPointer)? {
        for entry in entries {
            let prefix = entry.path.utf8.prefix { $0 != UInt8(ascii: "{") }
            let isExact = prefix.count == entry.path.utf8.count
            guard isExact ? path.count == prefix.count : path.count > prefix.count, path.starts(with: prefix) else {
                continue
            }
            return (entry, UnsafeRawBufferPointer(rebasing: path[prefix.count...]))
        }
        return nil
    }
}

extension Entry {
    /// The `Allow` field's value.
    var allow: String { methods.map { $0.label.uppercased() }.joined(separator: ", ") }
}

package typealias Entry = RouteTable.Entry

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
