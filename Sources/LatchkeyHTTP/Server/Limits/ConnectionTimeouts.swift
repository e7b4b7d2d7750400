internal import LatchkeyCore

/// The timeouts of ``ServerLimits`` in nanoseconds, because a connection uses them in every turn.
struct ConnectionTimeouts {
    let handshake: Int64
    let head: Int64
    let request: Int64
    let idle: Int64
    let firstRequest: Int64
    let stalledWrite: Int64
    let linger: Int64
    let drainGrace: Int64
    let overCapacityRequest: Int64
    let overCapacityLinger: Int64
    let overCapacityLifetime: Int64

    init(_ limits: ServerLimits) {
        handshake = limits.handshakeTimeout.clampedNanoseconds
        head = limits.headTimeout.clampedNanoseconds
        request = limits.requestTimeout.clampedNanoseconds
        idle = limits.idleTimeout.clampedNanoseconds
        firstRequest = limits.firstRequestTimeout.clampedNanoseconds
        stalledWrite = limits.stalledWriteTimeout.clampedNanoseconds
        linger = limits.lingerTimeout.clampedNanoseconds
        drainGrace = limits.drainIdleGrace.clampedNanoseconds
        // Half of the lifetime for a request, and a quarter for the peer to read the 503.
        overCapacityLifetime = limits.overCapacityLifetime.clampedNanoseconds
        overCapacityRequest = overCapacityLifetime / 2
        overCapacityLinger = overCapacityLifetime / 4
    }
}
