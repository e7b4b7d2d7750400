internal import LatchkeyCore
internal import LatchkeyMetrics
internal import Logging

/// Notes how each call to a tier ended, in the metrics, in the tier's health and, at a change, in the log.
struct TierTelemetry: Sendable {
    let metrics: Metrics
    let health: TierHealth
    let log: Logger
    let time: TimeSource

    func succeeded(_ resource: Resource, _ tier: Tier, _ outcome: TierOutcome, since started: Now) {
        let now = time.now()
        metrics.tierRequest(resource, tier, outcome)
        metrics.tierDuration(resource, tier, now.monotonic - started.monotonic)
        if health.succeeded(tier, at: now) {
            log.notice("a tier answers again", metadata: ["tier": "\(tier.name)"])
        }
    }

    /// One warning an outage, not one a call; the counter has them all.
    func failed(_ resource: Resource, _ tier: Tier, _ fault: UpstreamFault, since started: Now) {
        let now = time.now()
        metrics.tierRequest(resource, tier, .error)
        metrics.tierDuration(resource, tier, now.monotonic - started.monotonic)
        let news = health.failed(tier, fault, at: now)
        log.log(
            level: news ? .warning : .debug, "a tier failed",
            metadata: fault.metadata(tier))
    }

    /// The tier answered, and refuses this one item: that says nothing of how the tier is.
    func refused(_ resource: Resource, _ tier: Tier, _ fault: UpstreamFault, isFirst: Bool, since started: Now) {
        metrics.tierRequest(resource, tier, .error)
        metrics.tierDuration(resource, tier, time.now().monotonic - started.monotonic)
        log.log(level: isFirst ? .warning : .debug, "a tier refuses an item", metadata: fault.metadata(tier))
    }

    /// The tier answered, and its blob is no JSON object. One warning until it is one again, or is wrong elsewhere.
    /// - Parameter isServed: its fields are served as they were before.
    func gaveBadBlob(_ tier: Tier, _ fault: UpstreamFault, isServed: Bool, since started: Now) {
        succeeded(.secret, tier, .error, since: started)
        let news = health.gaveBadBlob(tier, fault, isServed: isServed, at: time.now())
        let effect = isServed ? "its fields are served as they were" : "none of its fields can be served"
        log.log(
            level: news ? .warning : .debug, "the blob is not a JSON object; \(effect); write it anew",
            metadata: fault.metadata(tier))
    }

    /// The tier gave a blob that can be read, or said that there is none.
    func gaveGoodBlob(_ tier: Tier) {
        if health.gaveGoodBlob(tier) {
            log.notice("the blob is a JSON object again", metadata: ["tier": "\(tier.name)"])
        }
    }

    /// A write to a shared tier failed; `what` was to be written. One warning for each kind of failure in a row.
    func wroteNot(_ tier: Tier, _ fault: UpstreamFault, what: String, profile: String) {
        let news = health.wrote(tier, fault)
        metrics.tierRequest(.token, tier, .error)
        log.log(
            level: news ? .warning : .debug,
            "\(what) could not be written to the shared tier; tokens are served without",
            metadata: fault.metadata(tier).merging(["profile": "\(profile)"]) { $1 })
    }

    /// A token was not written to a shared tier because it is too long for it. One warning for all such tokens in a row.
    func wroteNot(_ tier: Tier, tooLarge bytes: Int, _ limit: SharedTokenLimit, profile: String) {
        let fault = UpstreamFault(.refused, code: SharedTokenLimit.code)
        let news = health.wrote(tier, fault)
        metrics.tierRequest(.token, tier, .skipped)
        log.log(
            level: news ? .warning : .debug, "\(limit.explanation(of: bytes)): \(limit.remedy)",
            metadata: fault.metadata(tier).merging(["profile": "\(profile)"]) { $1 })
    }

    func skipped(_ resource: Resource, _ tier: Tier) { metrics.tierRequest(resource, tier, .skipped) }
}

extension UpstreamFault {
    /// What a log line says of a tier's failure.
    fileprivate func metadata(_ tier: Tier) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["tier": "\(tier.name)", "reason": "\(reason)", "code": "\(summary)"]
        if let subject { metadata["subject"] = "\(subject)" }
        return metadata
    }
}
