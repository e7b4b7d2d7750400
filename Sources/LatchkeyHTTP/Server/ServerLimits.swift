internal import LatchkeyCore

/// Every bound the server holds a connection to, with the answer past it. The wire's own sizes are in
/// ``MessageLimits``.
package struct ServerLimits: Sendable {
    /// Request line, head, fields and body.
    package var message = MessageLimits()
    /// From a request's first byte to the end of its head: 408, close. What ends a slow-loris.
    package var headTimeout: Duration = .seconds(10)
    /// From a request's first byte to the end of its body: 408, close.
    package var requestTimeout: Duration = .seconds(30)
    /// Between requests: closed without a word (RFC 9112 §9.8).
    package var idleTimeout: Duration = .seconds(60)
    /// Without the peer taking a single byte of a reply: closed.
    package var stalledWriteTimeout: Duration = .seconds(10)
    /// After the last reply, until the peer has finished sending (RFC 9112 §9.6); what it still sends is thrown away.
    package var lingerTimeout: Duration = .seconds(2)
    /// Bytes thrown away while lingering.
    package var lingerBytes = 256 * 1024
    /// Requests of one connection that wait for their replies; then no more is read from it.
    package var pipelineDepth = 64
    /// Connections at once; one more is told 503 and closed.
    package var maxConnections = 8192
    /// Connections past ``maxConnections`` that are still heard, so that a liveness probe gets its answer.
    package var connectionHeadroom = 32
    /// How long accepting pauses when the process has no descriptors left.
    package var acceptPause: Duration = .milliseconds(100)
    /// While draining: how long a connection between requests is kept, so that a request already under way on the
    /// network is answered and told `Connection: close` instead of meeting a reset.
    package var drainIdleGrace: Duration = .seconds(1)

    package init() {}
}
