internal import LatchkeyBroker
package import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyLog
package import Logging
internal import Synchronization

/// Delays the answers to wrong credentials, for all workers (``FailureDelays``). A request with a valid credential does not
/// come here, and so takes no lock.
package final class FailureLimiter: Sendable {
    /// The most log lines about delays in ``FailureDelays/window``.
    private static let maxLines = 10

    private struct State {
        var delays = FailureDelays<PeerNetwork>()
        var lines = SlidingWindow(maxEvents: maxLines, span: FailureDelays<PeerNetwork>.window)
    }

    private let state = Mutex(State())
    private let time: Timing
    private let log: Logger

    package init(time: Timing, log: Logger) {
        self.time = time
        self.log = log
    }

    /// Counts a request with a wrong credential, and delays its answer, which must not have been begun.
    ///
    /// - Parameter id: the caller id that the request claims; nil if it claims none.
    func failed(_ context: RequestContext, claiming id: String? = nil) {
        let (peer, now) = (context.peerNetwork, time.now().monotonic)
        let (delay, isLogged) = state.withLock { state in
            let delay = state.delays.failed(from: peer, claiming: id, now: now)
            let isFirst = delay == FailureDelays<PeerNetwork>.minDelay
            return (delay, isFirst && state.lines.take(now) == nil)
        }
        guard delay > .zero else { return }
        context.delayReply(by: delay)
        guard isLogged else { return }
        log.warning(
            .guessing,
            "many wrong credentials: answers to this address, or to the caller id that it claims, are delayed",
            metadata: ["peer": "\(peer)"])
    }
}
