package import LatchkeyHTTP

/// Where a service is reached.
package struct AWSEndpoint: Hashable, Sendable {
    package var origin: Origin
    /// The path below which operations are requested: `/` if the endpoint's URL has none.
    package var path: String

    package init(origin: Origin, path: String = "/") {
        self.origin = origin
        self.path = path
    }

    /// Parses an endpoint URL: `http` or `https`, a host, and optionally a port and a path. Nil for anything else, user
    /// information, a query and a fragment included.
    package init?(_ url: String) {
        guard let separator = url.firstRange(of: "://"),
            let scheme = Origin.Scheme(rawValue: url[..<separator.lowerBound].lowercased()),
            !url.contains("?"), !url.contains("#")
        else { return nil }
        let rest = url[separator.upperBound...]
        let authorityText = rest.prefix { $0 != "/" }
        guard let authority = URLAuthority(authorityText) else { return nil }
        let path = rest[authorityText.endIndex...]
        self.init(
            origin: Origin(scheme: scheme, host: authority.host, port: authority.port),
            path: path.isEmpty ? "/" : String(path))
    }

    /// The request target of `path`, which begins with a slash, below the endpoint's own path.
    func target(_ path: String) -> String { self.path == "/" ? path : self.path + path }
}
