internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP

// The end of the service: requests first, then the writes that they caused.
extension Service {
    /// Makes `/readyz` answer 503. Connections are still accepted.
    package func announceStop() { readiness.announceStop() }

    /// Accepts no more connections, finishes the requests in progress, and then waits until new tokens are written to
    /// the shared tier (``SharedTokenWriter``).
    ///
    /// - Parameter limit: how long to wait for requests; `LATCHKEY_DRAIN_TIMEOUT` if that is shorter.
    package func stop(within limit: Duration? = nil) async {
        readiness.beginDraining()
        for task in backgroundTasks { task.cancel() }
        upstreams.keySets.stop()
        let timeout = min(drainTimeout, limit ?? drainTimeout)
        let end = time.now().monotonic + timeout
        await server.drain(timeout: timeout)
        await upstreams.tokens.drain(by: end)
        await warmFile?.commit()
        await spanExporter?.flush(by: end)
        upstreams.shutdown()
        audit?.stop()
        requests.reportOmitted()
    }
}
