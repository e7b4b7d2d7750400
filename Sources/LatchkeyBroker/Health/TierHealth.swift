package import LatchkeyCore
package import LatchkeyMetrics
internal import Synchronization

/// The health of all tiers, for `/health` and for one warning per outage.
package final class TierHealth: Sendable {
    private let statuses: Mutex<[TierStatus]>
    private let observers = Mutex<[@Sendable (Tier) -> Void]>([])

    package init() { statuses = Mutex(Tier.allCases.map { TierStatus(tier: $0) }) }

    package func status(_ tier: Tier) -> TierStatus { statuses.withLock { $0[tier.rawValue] } }

    /// Calls `body` whenever a failing tier answers again, on any thread and outside all locks.
    func onRecovery(_ body: @escaping @Sendable (Tier) -> Void) { observers.withLock { $0.append(body) } }

    /// Records an answer and notifies the observers of a recovery.
    ///
    /// - Returns: whether the tier was failing until now.
    @discardableResult
    package func succeeded(_ tier: Tier, at now: Now) -> Bool {
        let recovered = statuses.withLock { all in
            let recovered = all[tier.rawValue].state == .failing
            all[tier.rawValue].state = .ok
            all[tier.rawValue].lastSuccess = now
            return recovered
        }
        if recovered { for observer in observers.withLock({ $0 }) { observer(tier) } }
        return recovered
    }

    /// Records a failure.
    ///
    /// - Returns: whether this is the first failure of an outage, or its code differs from the last one.
    @discardableResult
    package func failed(_ tier: Tier, _ fault: UpstreamFault, at now: Now) -> Bool {
        statuses.withLock { all in
            let isFirst = all[tier.rawValue].state != .failing || all[tier.rawValue].lastErrorCode != fault.summary
            all[tier.rawValue].state = .failing
            all[tier.rawValue].lastFailure = now
            all[tier.rawValue].lastErrorCode = fault.summary
            return isFirst
        }
    }

    /// Records that the tier returned a blob that is not a JSON object.
    ///
    /// - Parameter isServed: whether the fields of the last valid blob are served.
    /// - Returns: whether the blob was valid before, or has a different error now.
    func gaveInvalidBlob(_ tier: Tier, _ fault: UpstreamFault, isServed: Bool, at now: Now) -> Bool {
        statuses.withLock { all in
            let isFirst = all[tier.rawValue].blobErrorCode != fault.summary
            all[tier.rawValue].blobErrorCode = fault.summary
            all[tier.rawValue].servesLastValidBlob = isServed
            all[tier.rawValue].lastErrorCode = fault.summary
            all[tier.rawValue].lastFailure = now
            return isFirst
        }
    }

    /// Records that the tier returned a valid blob, or that there is none.
    ///
    /// - Returns: whether the blob was invalid until now.
    func gaveValidBlob(_ tier: Tier) -> Bool {
        statuses.withLock { all in
            defer { all[tier.rawValue].blobErrorCode = nil }
            return all[tier.rawValue].blobErrorCode != nil
        }
    }

    /// Records the result of a write to a shared tier. A tier that can be read but not written is not failing.
    ///
    /// - Parameter fault: nil if the write succeeded.
    /// - Returns: whether the write failed with another code than the last one.
    @discardableResult
    func wrote(_ tier: Tier, _ fault: UpstreamFault?) -> Bool {
        statuses.withLock { all in
            defer { all[tier.rawValue].writeErrorCode = fault?.summary }
            return fault != nil && all[tier.rawValue].writeErrorCode != fault?.summary
        }
    }
}
