internal import LatchkeyCore

/// The limits on connections, with what happens to a connection that exceeds each. ``RequestLimits`` has the limits on
/// one request.
package struct ServerLimits: Sendable {
    /// Limits on the request line, the head, the fields and the body.
    package var message = RequestLimits()
    /// Bytes of a body that contains the credential of its caller (`/oauth/token`), received before the caller is
    /// authenticated: 413.
    package static let unauthenticatedBodyBytes = 8 * 1024
    /// Bytes of a body that is covered by the signature of its caller (`POST /`): 413.
    package static let signedBodyBytes = 16 * 1024
    /// From accepting a TLS connection to the end of its handshake: closed.
    package var handshakeTimeout: Duration = .seconds(10)
    /// TLS handshakes that are not complete, of all workers together. A further connection closes the
    /// one that has waited longest for its peer: a real client answers within a round trip, so it is one of a flood. If none
    /// waits for its peer, the further connection is closed.
    package var maxHandshakes = 1024
    /// From the first byte of a request to the end of its head: 408 and close. Ends slowloris attacks.
    package var headTimeout: Duration = .seconds(10)
    /// From the first byte of a request to the end of its body: 408 and close.
    package var requestTimeout: Duration = .seconds(30)
    /// Between requests: closed without a response (RFC 9112 §9.5).
    package var idleTimeout: Duration = .seconds(60)
    /// From accepting a connection to its first valid request: closed. A request is valid with a valid credential, or on
    /// a route that needs none, such as probes.
    package var firstRequestTimeout: Duration = .seconds(10)
    /// While the peer accepts no byte of a reply: closed.
    package var stalledWriteTimeout: Duration = .seconds(10)
    /// After the last reply, until the peer closes its side (RFC 9112 §9.6). Bytes that still arrive are discarded.
    package var lingerTimeout: Duration = .seconds(2)
    /// Bytes discarded while lingering; more close the connection.
    package var lingerBytes = 256 * 1024
    /// Replies of all workers that are delayed because a credential was wrong (``RequestContext/delayReply(by:)``). A
    /// further one is sent at once, and the connection is closed.
    package var maxDelayedReplies = 1000
    /// Requests of one connection without a reply; at this number its input is no longer read.
    package var pipelineDepth = 64
    /// Bytes of rendered replies of one connection that the peer has not accepted. At this size no more of its requests
    /// are parsed and no more of its replies are rendered. A single reply may be larger.
    package var outputBytes = 256 * 1024
    /// Requests and replies of one connection in one turn of the event loop, after which other connections continue.
    package var turnRequests = 64
    /// Time of one connection in one turn of the event loop, measured from its second request, after which other
    /// connections continue.
    package var turnTime: Duration = .microseconds(500)
    /// Open connections. A further connection evicts the oldest one without a valid request. If there is none, it is
    /// answered with 503 and closed.
    package var maxConnections = 8192
    /// Connections over ``maxConnections`` that are still accepted, so that a liveness probe is answered.
    package var connectionHeadroom = 32
    /// Open connections of the probe listener. A further connection closes the oldest one.
    package var maxProbeConnections = 32
    /// ``connectionHeadroom`` beside a probe listener, which answers the probes instead. The descriptors of both come from
    /// ``DescriptorBudget/reserve``.
    package var headroomBesideProbes = 8
    /// The maximum lifetime of a connection over ``maxConnections``. One that sends no request is answered with 503 after
    /// half of it.
    package var overCapacityLifetime: Duration = .seconds(2)
    /// Pause in accepting while ``connectionHeadroom`` is used up.
    package var headroomPause: Duration = .milliseconds(5)
    /// Pause in accepting while the process has no descriptors left.
    package var acceptPause: Duration = .milliseconds(100)
    /// How long a drain goes on accepting after it has removed the path of a Unix socket. A client that had found the
    /// socket is in its queue then.
    package var unixCloseDelay: Duration = .milliseconds(50)
    /// How long a start waits until all event loops run.
    package static let startTimeout: Duration = .seconds(10)
    /// How long a drain keeps a connection between requests. A request that is on its way is then answered with
    /// `Connection: close`, instead of meeting a reset.
    package var drainIdleGrace: Duration = .seconds(1)

    package init() {}

    /// The limits beside a probe listener, or without one.
    func beside(probeListener: Bool) -> ServerLimits {
        var limits = self
        if probeListener { limits.connectionHeadroom = min(connectionHeadroom, headroomBesideProbes) }
        return limits
    }

    /// The limits of one of `workers` workers: those on a number that all workers have together are divided.
    func shared(by workers: Int) -> ServerLimits {
        var limits = self
        limits.connectionHeadroom = max(1, connectionHeadroom / workers)
        limits.maxHandshakes = max(1, maxHandshakes / workers)
        return limits
    }
}
