/// Decides by scheme and host which proxy a request goes through.
package struct ProxySettings: Hashable, Sendable {
    /// The route to an origin.
    package enum Route: Hashable, Sendable {
        case direct
        /// For http: the request is sent to the proxy, with the target in absolute form (RFC 9112 §3.2.2).
        case forward(ProxyServer)
        /// For https: the proxy opens a tunnel (CONNECT, RFC 9110 §9.3.6), and sees only the name of the host.
        case tunnel(ProxyServer)

        /// The proxy of the route, or nil.
        package var proxy: ProxyServer? {
            switch self {
            case .direct: nil
            case .forward(let proxy), .tunnel(let proxy): proxy
            }
        }
    }

    /// The proxy for `https` origins.
    package var https: ProxyServer?
    /// The proxy for `http` origins.
    package var http: ProxyServer?
    package var bypass: ProxyBypass

    package init(https: ProxyServer? = nil, http: ProxyServer? = nil, bypass: ProxyBypass = ProxyBypass("")) {
        self.https = https
        self.http = http
        self.bypass = bypass
    }

    /// The route to `origin`.
    package func route(to origin: Origin) -> Route {
        guard let proxy = origin.scheme == .https ? https : http, !bypass.contains(origin) else { return .direct }
        return origin.scheme == .https ? .tunnel(proxy) : .forward(proxy)
    }
}
