internal import LatchkeyCore

/// The request quotas of Parameter Store in one account. Each allows a burst of one second's worth.
package struct ParameterStoreQuotas: Sendable {
    private var reads: TokenBucket
    private var writes: TokenBucket

    /// - Parameters:
    ///   - readsPerSecond: GetParameter, GetParameters and GetParametersByPath together (AWS default: 40).
    ///   - writesPerSecond: PutParameter (AWS default: 3).
    package init(readsPerSecond: Double = 40, writesPerSecond: Double = 3) {
        reads = TokenBucket(perSecond: readsPerSecond)
        writes = TokenBucket(perSecond: writesPerSecond)
    }

    /// Counts a request. Returns false if its quota is used up.
    mutating func admit(_ operation: ParameterStorePeer.Operation, at now: MonotonicTime) -> Bool {
        switch operation {
        case .getParameter, .getParameters, .getParametersByPath: reads.take(at: now)
        case .putParameter: writes.take(at: now)
        default: true
        }
    }
}
