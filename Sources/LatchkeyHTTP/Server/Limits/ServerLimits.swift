internal import LatchkeyCore

/// Every bound the server holds a connection to, with the answer past it. The wire's own sizes are in
/// ``MessageLimits``.
package struct ServerLimits: Sendable {
    /// Request line, head, fields and body.
    package var message = MessageLimits()
    /// Bytes of a body that holds its caller's credential among others (`/oauth/token`), taken before the caller is
    /// known: 413.
    package static let unknownCallerBodyBytes = 8 * 1024
    /// Bytes of a body that its caller's signature covers (`POST /`): 413.
    package static let signedBodyBytes = 16 * 1024
    /// From a request's first byte to the end of its head: 408, close. What ends a slow-loris.
    package var headTimeout: Duration = .seconds(10)
    /// From a request's first byte to the end of its body: 408, close.
    package var requestTimeout: Duration = .seconds(30)
    /// Between requests: closed without a word (RFC 9112 §9.8).
    package var idleTimeout: Duration = .seconds(60)
    /// From its opening, for a connection that has brought no request with a valid credential (probes need none): closed.
    package var firstRequestTimeout: Duration = .seconds(10)
    /// Without the peer taking a single byte of a reply: closed.
    package var stalledWriteTimeout: Duration = .seconds(10)
    /// After the last reply, until the peer has finished sending (RFC 9112 §9.6); what it still sends is thrown away.
    package var lingerTimeout: Duration = .seconds(2)
    /// Bytes thrown away while lingering.
    package var lingerBytes = 256 * 1024
    /// Requests of one connection that wait for their replies; then no more is read from it.
    package var pipelineDepth = 64
    /// Bytes of rendered replies of one connection that the peer has not taken; then no more of its requests are parsed
    /// and no more of its replies rendered. One reply may exceed it.
    package var outputBytes = 256 * 1024
    /// Requests of one connection answered in one turn of the loop; then the others have theirs.
    package var turnRequests = 64
    /// Time that one connection takes in one turn, counted from its second request on; then the others have theirs.
    package var turnTime: Duration = .microseconds(500)
    /// Connections at once. One more takes the place of one that has brought no valid request; where there is none, it is
    /// told 503 and closed.
    package var maxConnections = 8192
    /// Connections past ``maxConnections`` that are still heard, so that a liveness probe gets its answer.
    package var connectionHeadroom = 32
    /// How long a connection past ``maxConnections`` is kept at the most. One that sends no request is told 503 after
    /// half of it.
    package var overCapacityLifetime: Duration = .seconds(2)
    /// How long accepting pauses while connections past the headroom are being closed.
    package var headroomPause: Duration = .milliseconds(5)
    /// How long accepting pauses when the process has no descriptors left.
    package var acceptPause: Duration = .milliseconds(100)
    /// While draining: how long a connection between requests is kept, so that a request already under way on the
    /// network is answered and told `Connection: close` instead of meeting a reset.
    package var drainIdleGrace: Duration = .seconds(1)

    package init() {}
}
