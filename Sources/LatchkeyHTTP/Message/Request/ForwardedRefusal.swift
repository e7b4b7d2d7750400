/// Where a request with a field of a proxy (``SenderFields/forwarded``) is refused: the values of
/// `LATCHKEY_REFUSE_FORWARDED`.
///
/// A caller beside the broker is not behind a proxy. Such a request may come from a server that a stranger makes send it
/// (server-side request forgery).
package enum ForwardedRefusal: String, Sendable, CaseIterable {
    /// On the fronts of AWS's API and extension, if the listener is on loopback or a Unix socket.
    case loopbackFronts = "loopback-fronts"
    /// On the fronts of AWS's API and extension.
    case fronts
    /// On every route.
    case all
    case off

    /// Whether it is refused.
    ///
    /// - Parameters:
    ///   - isAWSFront: whether the route is one of AWS's API or extension.
    ///   - isLocal: whether the listener is on loopback or a Unix socket.
    package func applies(isAWSFront: Bool, isLocal: Bool) -> Bool {
        switch self {
        case .loopbackFronts: isAWSFront && isLocal
        case .fronts: isAWSFront
        case .all: true
        case .off: false
        }
    }
}
