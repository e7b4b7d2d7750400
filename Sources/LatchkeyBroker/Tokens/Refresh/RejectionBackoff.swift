package import LatchkeyCore

/// When the rejections of each caller may cause another issuance for one profile. Pure.
///
/// The first rejection causes one at once. While the replacements are rejected too, the delay between two issuances
/// doubles from ``minDelay`` to ``maxDelay``. Each caller has its own delay, so that a caller whose resource server
/// rejects everything does not delay the others.
package struct RejectionBackoff: Sendable {
    /// The delay after the first issuance that a caller's rejection caused.
    static let minDelay: Duration = .seconds(2)
    static let maxDelay: Duration = .seconds(300)
    /// A caller that has caused no issuance for this long starts again at ``minDelay``.
    static let forgottenAfter: Duration = .seconds(600)
    /// The number of callers that are remembered. The configuration allows no more.
    package static let maxCallers = 1_024

    private struct Step {
        var causedAt: MonotonicTime
        var delay: Duration
    }

    private var steps: [String: Step] = [:]

    package init() {}

    /// When the caller may cause the next issuance; nil means now.
    package func notBefore(_ caller: String, _ now: MonotonicTime) -> MonotonicTime? {
        guard let step = steps[caller], now < step.causedAt + step.delay else { return nil }
        return step.causedAt + step.delay
    }

    /// Records that the issuer was called because of the caller's rejection, whatever the result.
    package mutating func caused(by caller: String, _ now: MonotonicTime) {
        var delay = Self.minDelay
        if let last = steps[caller], now < last.causedAt + Self.forgottenAfter {
            delay = min(last.delay * 2, Self.maxDelay)
        } else if steps.count >= Self.maxCallers,
            let oldest = steps.min(by: { $0.value.causedAt < $1.value.causedAt })
        {
            steps[oldest.key] = nil
        }
        steps[caller] = Step(causedAt: now, delay: delay)
    }
}
