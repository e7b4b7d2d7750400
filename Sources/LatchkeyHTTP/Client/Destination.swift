/// What requests must have in common to share connections: the origin, and whether it is reached past the proxies.
struct Destination: Hashable {
    let origin: Origin
    /// See ``HTTPRequest/isDirect``.
    let isDirect: Bool

    /// How it is reached.
    func route(_ proxies: ProxySettings) -> ProxySettings.Route {
        isDirect || origin.socketPath != nil ? .direct : proxies.route(to: origin)
    }
}
