internal import LatchkeyCore
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import Logging

/// Records the result of each call to a tier in the metrics, in the tier's health and, when it changes, in the log.
struct TierTelemetry: Sendable {
    let metrics: Metrics
    let health: TierHealth
    let log: Logger
    let time: Timing

    func succeeded(_ resource: Resource, _ tier: Tier, _ outcome: TierOutcome, since started: Now) {
        let now = time.now()
        metrics.tierRequest(resource, tier, outcome)
        metrics.tierDuration(resource, tier, now.monotonic - started.monotonic)
        if health.succeeded(tier, at: now) {
            log.notice(.tierRecovered, "a tier answers again", metadata: ["tier": "\(tier.name)"])
        }
    }

    /// Records a failed call. An outage is logged as one warning; the counter counts every failure.
    func failed(_ resource: Resource, _ tier: Tier, _ fault: UpstreamFault, since started: Now) {
        let now = time.now()
        metrics.tierRequest(resource, tier, .error)
        metrics.tierDuration(resource, tier, now.monotonic - started.monotonic)
        let isFirst = health.failed(tier, fault, at: now)
        log.log(
            level: isFirst ? .warning : .debug, .tierFailed, "a tier failed",
            metadata: fault.metadata(tier))
    }

    /// Records that the tier answered and refused one item. That does not affect the health of the tier.
    ///
    /// - Parameter isFirst: whether the item was not refused before.
    func refused(_ resource: Resource, _ tier: Tier, _ fault: UpstreamFault, isFirst: Bool, since started: Now) {
        metrics.tierRequest(resource, tier, .error)
        metrics.tierDuration(resource, tier, time.now().monotonic - started.monotonic)
        log.log(
            level: isFirst ? .warning : .debug, .itemRefused,
            "a tier refused to read an item; check its name and the permission to read it",
            metadata: fault.metadata(tier))
    }

    /// Records that the tier returned a blob that is not a JSON object. One warning until the blob is valid again or
    /// has a different error.
    ///
    /// - Parameter isServed: whether the fields of the last valid blob are served.
    func gaveInvalidBlob(_ tier: Tier, _ fault: UpstreamFault, isServed: Bool, since started: Now) {
        succeeded(.secret, tier, .error, since: started)
        let isFirst = health.gaveInvalidBlob(tier, fault, isServed: isServed, at: time.now())
        let effect = isServed ? "the fields of the last valid blob are served" : "none of its fields can be served"
        log.log(
            level: isFirst ? .warning : .debug, .blobInvalid,
            "the blob is not a JSON object; \(effect); write a JSON object to it",
            metadata: fault.metadata(tier))
    }

    /// Records that the tier returned a valid blob, or that there is none.
    func gaveValidBlob(_ tier: Tier) {
        if health.gaveValidBlob(tier) {
            log.notice(.blobRecovered, "the blob is a JSON object again", metadata: ["tier": "\(tier.name)"])
        }
    }

    /// Records a failed write to a shared tier. One warning for consecutive failures with the same code.
    ///
    /// - Parameter what: what was to be written, for the log.
    func writeFailed(_ tier: Tier, _ fault: UpstreamFault, what: String, profile: String) {
        let isFirst = health.wrote(tier, fault)
        metrics.tierRequest(.token, tier, .error)
        log.log(
            level: isFirst ? .warning : .debug, .sharedWriteFailed,
            "could not write \(what) to the shared tier; tokens are still served, but not shared",
            metadata: fault.metadata(tier).merging(["profile": "\(profile)"]) { $1 })
    }

    /// Records a write to a shared tier that was skipped. One warning for consecutive skips with the same code.
    ///
    /// - Parameter why: why it was skipped and what to do about it, for the log.
    func writeSkipped(_ tier: Tier, _ fault: UpstreamFault, why: String, profile: String) {
        let isFirst = health.wrote(tier, fault)
        metrics.tierRequest(.token, tier, .skipped)
        log.log(
            level: isFirst ? .warning : .debug, .sharedWriteSkipped, "\(why)",
            metadata: fault.metadata(tier).merging(["profile": "\(profile)"]) { $1 })
    }

    func skipped(_ resource: Resource, _ tier: Tier) { metrics.tierRequest(resource, tier, .skipped) }
}

extension UpstreamFault {
    /// The metadata of a log line about a failure of `tier`.
    fileprivate func metadata(_ tier: Tier) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["tier": "\(tier.name)", "reason": "\(reason)", "code": "\(summary)"]
        if let subject { metadata["subject"] = "\(subject)" }
        return metadata
    }
}
