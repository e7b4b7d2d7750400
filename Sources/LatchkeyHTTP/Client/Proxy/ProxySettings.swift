/// Which proxy a request goes through, if any: a pure decision by the URL's scheme and host.
package struct ProxySettings: Hashable, Sendable {
    /// How an origin is reached.
    package enum Route: Hashable, Sendable {
        case direct
        /// The proxy is sent the request with an absolute target (RFC 9112 §3.2.2). For http.
        case forward(ProxyServer)
        /// The proxy is asked for a tunnel by CONNECT (RFC 9110 §9.3.6). For https: it sees the host's name alone.
        case tunnel(ProxyServer)

        /// The proxy on the way.
        package var proxy: ProxyServer? {
            switch self {
            case .direct: nil
            case .forward(let proxy), .tunnel(let proxy): proxy
            }
        }
    }

    /// For `https` and `http` origins.
    package var https: ProxyServer?
    package var http: ProxyServer?
    package var bypass: ProxyBypass

    package init(https: ProxyServer? = nil, http: ProxyServer? = nil, bypass: ProxyBypass = ProxyBypass("")) {
        self.https = https
        self.http = http
        self.bypass = bypass
    }

    /// How `origin` is reached.
    package func route(to origin: Origin) -> Route {
        guard let proxy = origin.scheme == .https ? https : http, !bypass.contains(origin) else { return .direct }
        return origin.scheme == .https ? .tunnel(proxy) : .forward(proxy)
    }
}
