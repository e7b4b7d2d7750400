package import LatchkeyCore

/// How soon the rejections of each caller may cause another issuance for one profile. Pure.
///
/// The first rejection causes one at once. While the replacements keep being rejected, the delay between two issuances
/// doubles from ``shortest`` to ``longest``. Each caller has a delay of its own, so that one caller whose resource
/// server refuses everything does not delay the others.
package struct RejectionPace: Sendable {
    /// The delay after the first issuance that a caller's rejections caused.
    package static let shortest: Duration = .seconds(2)
    package static let longest: Duration = .seconds(300)
    /// A caller that has caused no issuance for this long starts again at ``shortest``.
    package static let forgottenAfter: Duration = .seconds(600)
    /// Callers that are remembered. Callers come from the configuration, which holds no more.
    package static let maximumCallers = 64

    private struct Step {
        var causedAt: MonotonicTime
        var delay: Duration
    }

    private var steps: [String: Step] = [:]

    /// When the caller may cause the next issuance; nil: now.
    package func notBefore(_ caller: String, _ now: MonotonicTime) -> MonotonicTime? {
        guard let step = steps[caller], now < step.causedAt + step.delay else { return nil }
        return step.causedAt + step.delay
    }

    package init() {}

    /// Notes that the issuer was asked because of the caller's rejection, whatever it answered.
    package mutating func caused(by caller: String, _ now: MonotonicTime) {
        var delay = Self.shortest
        if let last = steps[caller], now < last.causedAt + Self.forgottenAfter {
            delay = min(last.delay * 2, Self.longest)
        } else if steps.count >= Self.maximumCallers,
            let oldest = steps.min(by: { $0.value.causedAt < $1.value.causedAt })
        {
            steps[oldest.key] = nil
        }
        steps[caller] = Step(causedAt: now, delay: delay)
    }
}
