package import LatchkeyCore
package import LatchkeyMetrics

/// The health of one tier as its traffic shows it. No requests are made to find out.
package struct TierStatus: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        /// Not called yet.
        case unknown
        /// The last call was answered. "Not found" is an answer.
        case ok
        /// The last call failed.
        case failing
    }

    package let tier: Tier
    package var state: State = .unknown
    package var lastSuccess: Now?
    package var lastFailure: Now?
    /// ``UpstreamFault/summary`` of the last failure. It stays after the tier has recovered.
    package var lastErrorCode: String?
    /// ``UpstreamFault/summary`` of the last write, if it failed; nil once a write succeeds.
    package var writeErrorCode: String?
    /// ``UpstreamFault/summary`` of the last read of the blob, if the blob was not a JSON object; nil once it is.
    ///
    /// The tier has answered, so its state is ``State/ok``.
    package var blobErrorCode: String?
    /// While ``blobErrorCode`` is set: whether the fields of the last valid blob are served.
    package var servesLastValidBlob = false

    /// ``state`` from the view of callers of secrets: an invalid blob without an earlier valid one counts as a failure.
    package var secretsState: State { state == .ok && blobErrorCode != nil && !servesLastValidBlob ? .failing : state }

    /// Whether the last call, the last write and the last read of the blob succeeded.
    package var isHealthy: Bool { state != .failing && blobErrorCode == nil && writeErrorCode == nil }

    /// The time since the tier last answered.
    package func age(_ now: Now) -> Duration? { lastSuccess.map { now.monotonic - $0.monotonic } }
}
