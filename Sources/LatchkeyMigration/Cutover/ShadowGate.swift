internal import LatchkeyCore

/// Decides whether a broker's shadow comparisons permit a cut-over. Pure.
package struct ShadowGate: Sendable {
    package enum Verdict: Hashable, Sendable {
        /// Enough comparisons in the window, all of them equal.
        case open(matches: Int)
        case mismatches(Int)
        case tooFew(matches: Int, wanted: Int)
        /// The broker started within the window.
        case tooShort(covered: Duration)
        /// The broker makes no comparisons.
        case noShadow

        package var isOpen: Bool { if case .open = self { true } else { false } }

        /// What was found, and what to do. Lower case.
        package var explanation: String {
            switch self {
            case .open(let matches): "\(matches) comparisons, all equal"
            case .mismatches(let count):
                "\(count) comparisons were not equal: the broker's log names the secrets; copy and verify them again"
            case .tooFew(let matches, let wanted):
                "only \(matches) of the \(wanted) comparisons that are needed: wait, or lower --min-comparisons"
            case .tooShort(let covered):
                "the broker has counted for only \(covered.components.seconds) s: wait until that covers --window"
            case .noShadow:
                "the broker makes no comparisons: set LATCHKEY_SECRETS_BACKEND=shadow, or set it to auto and switch the "
                    + "fleet with cutover --to shadow"
            }
        }
    }

    /// How far back comparisons count.
    package var window: Duration
    /// The fewest comparisons that open the gate.
    package var minComparisons: Int

    /// The most that two computed start times of one broker differ. The start time is computed from clock ticks.
    private static let startTolerance: Duration = .seconds(2)

    package init(window: Duration, minComparisons: Int) {
        self.window = window
        self.minComparisons = minComparisons
    }

    /// - Parameter earlier: samples of earlier gates, in any order.
    package func judge(_ now: ShadowSample, earlier: [ShadowSample]) -> Verdict {
        let begin = now.at - window
        // Only samples since the same start can be subtracted: the counters begin at 0 at each start.
        let same = earlier.filter { abs($0.started - now.started) <= Self.startTolerance && $0.at <= now.at }
        var base = same.filter { $0.at <= begin }.max { $0.at < $1.at }
        if base == nil {
            guard now.started <= begin else {
                if now.mismatches > 0 { return .mismatches(now.mismatches) }
                if now.matches + now.errors == 0 { return .noShadow }
                return .tooShort(covered: now.at - now.started)
            }
            base = ShadowSample(at: now.started, started: now.started, matches: 0, mismatches: 0, errors: 0)
        }
        let matches = now.matches - (base?.matches ?? 0)
        let mismatches = now.mismatches - (base?.mismatches ?? 0)
        if mismatches > 0 { return .mismatches(mismatches) }
        if now.matches + now.errors == 0 { return .noShadow }
        return matches >= minComparisons ? .open(matches: matches) : .tooFew(matches: matches, wanted: minComparisons)
    }

    private func abs(_ duration: Duration) -> Duration { duration < .zero ? .zero - duration : duration }
}

extension WallTime {
    /// `time` moved back by `duration`, saturating.
    fileprivate static func - (time: Self, duration: Duration) -> Self { time + (.zero - duration) }
}
