/// The key of a connection pool: requests with the same destination share connections.
struct Destination: Hashable {
    let origin: Origin
    /// See ``HTTPRequest/bypassesProxy``.
    let bypassesProxy: Bool

    /// The route to the origin: direct for Unix sockets and for requests that bypass proxies.
    func route(_ proxies: ProxySettings) -> ProxySettings.Route {
        bypassesProxy || origin.socketPath != nil ? .direct : proxies.route(to: origin)
    }
}
