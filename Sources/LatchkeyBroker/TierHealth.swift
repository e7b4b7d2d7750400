package import LatchkeyCore
package import LatchkeyMetrics
internal import Synchronization

/// What is known of one tier, from traffic alone: nothing is asked in order to find out.
package struct TierStatus: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        /// Not asked yet.
        case unknown
        /// It answered last time ("there is none" is an answer).
        case ok
        /// It failed last time.
        case failing
    }

    package let tier: Tier
    package var state: State = .unknown
    package var lastSuccess: Now?
    package var lastFailure: Now?
    /// ``UpstreamFault/summary`` of the last failure; stays when the tier is well again.
    package var lastErrorCode: String?
    /// ``UpstreamFault/summary`` of the last write if it failed; nil once a write succeeds.
    package var writeErrorCode: String?
    /// ``UpstreamFault/summary`` of the blob as the tier gave it last, where it cannot be read as a JSON object; nil once
    /// it can. The tier has answered, so its state is ``State/ok``.
    package var blobErrorCode: String?
    /// While ``blobErrorCode`` says so: fields are served as the blob had them before.
    package var servesOldBlob = false

    /// ``state`` to those who want secrets: a blob that cannot be read, with no earlier one to serve, is a failure to them.
    package var secretsState: State { state == .ok && blobErrorCode != nil && !servesOldBlob ? .failing : state }
    /// It did not fail last time, and nothing is wrong with what it holds or with writing to it.
    package var isWell: Bool { state != .failing && blobErrorCode == nil && writeErrorCode == nil }

    /// Time since the tier last answered.
    package func age(_ now: Now) -> Duration? { lastSuccess.map { now.monotonic - $0.monotonic } }
}

/// The tiers' states, for `/health` and for warning once per outage.
package final class TierHealth: Sendable {
    private let statuses: Mutex<[TierStatus]>
    private let observers = Mutex<[@Sendable (Tier) -> Void]>([])

    package init() { statuses = Mutex(Tier.allCases.map { TierStatus(tier: $0) }) }

    /// The states of the tiers that were asked at least once, and of `inForce`.
    package func snapshot(inForce: Set<Tier> = []) -> [TierStatus] {
        statuses.withLock { $0.filter { $0.state != .unknown || inForce.contains($0.tier) } }
    }

    package func status(_ tier: Tier) -> TierStatus { statuses.withLock { $0[tier.rawValue] } }

    /// Has `body` called whenever a tier that was failing answers again, on any thread and under no lock.
    package func onRecovery(_ body: @escaping @Sendable (Tier) -> Void) { observers.withLock { $0.append(body) } }

    /// Notes an answer, and tells those who wait for the end of an outage. True when the tier was failing until now.
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

    /// Notes a failure. True when it is the first of an outage or its code differs from the last one's.
    @discardableResult
    package func failed(_ tier: Tier, _ fault: UpstreamFault, at now: Now) -> Bool {
        statuses.withLock { all in
            let news = all[tier.rawValue].state != .failing || all[tier.rawValue].lastErrorCode != fault.summary
            all[tier.rawValue].state = .failing
            all[tier.rawValue].lastFailure = now
            all[tier.rawValue].lastErrorCode = fault.summary
            return news
        }
    }

    /// Notes that the tier gave a blob that is no JSON object. True when that is news: it was one before, or is wrong
    /// elsewhere.
    /// - Parameter isServed: its fields are served as they were before.
    package func gaveBadBlob(_ tier: Tier, _ fault: UpstreamFault, isServed: Bool, at now: Now) -> Bool {
        statuses.withLock { all in
            let news = all[tier.rawValue].blobErrorCode != fault.summary
            all[tier.rawValue].blobErrorCode = fault.summary
            all[tier.rawValue].servesOldBlob = isServed
            all[tier.rawValue].lastErrorCode = fault.summary
            all[tier.rawValue].lastFailure = now
            return news
        }
    }

    /// Notes that the tier gave a blob that can be read, or said that there is none. True when it was a bad one until now.
    package func gaveGoodBlob(_ tier: Tier) -> Bool {
        statuses.withLock { all in
            defer { all[tier.rawValue].blobErrorCode = nil }
            return all[tier.rawValue].blobErrorCode != nil
        }
    }

    /// Notes how a write to a shared tier ended; a tier that reads well and cannot be written is not failing. True when
    /// it failed otherwise than the last one.
    @discardableResult
    package func wrote(_ tier: Tier, _ fault: UpstreamFault?) -> Bool {
        statuses.withLock { all in
            defer { all[tier.rawValue].writeErrorCode = fault?.summary }
            return fault != nil && all[tier.rawValue].writeErrorCode != fault?.summary
        }
    }
}
