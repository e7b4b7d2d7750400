package import LatchkeyHTTP
internal import LatchkeyMetrics

/// Which requests are refused because a service has not sent them. It depends on the head alone, so it is decided before the
/// key is checked.
package struct SenderRules: Sendable {
    /// Where a request that came through a proxy is refused.
    private let forwarded: ForwardedRefusal
    /// Whether `Host` must be a name of this machine (``LoopbackHost``), as in `latchkey dev`.
    private let requiresLoopbackHost: Bool

    package init(forwarded: ForwardedRefusal, requiresLoopbackHost: Bool) {
        self.forwarded = forwarded
        self.requiresLoopbackHost = requiresLoopbackHost
    }

    /// Whether the request is accepted whatever its route is. Most heads have none of the fields, so that this is all the
    /// work.
    @inline(__always)
    func accepts(_ context: RequestContext) -> Bool {
        context.head.senderFields.rawValue == 0 && !requiresLoopbackHost
    }

    /// Why the request is refused; nil if it is not.
    func problem(of context: RequestContext, _ route: Route) -> Problem? {
        let head = context.head
        if head.senderFields.contains(.browser) { return Self.browser }
        if requiresLoopbackHost, head.host.isPresent, !LoopbackHost.contains(context.slice(head.host)) {
            return Self.otherHost
        }
        guard head.senderFields.contains(.forwarded) else { return nil }
        return forwarded.applies(isAWSFront: route.isAWSFront, isLocal: context.listener.isLocal) ? Self.proxy : nil
    }

    private static let browser = Problem(
        403, .forbidden, "requests of browsers are refused: send no Origin and no Sec-Fetch field")
    private static let otherHost = Problem(
        403, .forbidden, "host must be localhost or a loopback address: connect to this address by such a name")
    private static let proxy = Problem(
        400, .badRequest,
        "requests through a proxy are refused here: send no X-Forwarded-For, Forwarded or Via, or change "
            + "LATCHKEY_REFUSE_FORWARDED")
}

extension Route {
    /// Whether the route is one of AWS's API, extension or agent.
    fileprivate var isAWSFront: Bool {
        switch self {
        case .aws, .extensionParameters, .extensionSecrets: true
        default: false
        }
    }
}
