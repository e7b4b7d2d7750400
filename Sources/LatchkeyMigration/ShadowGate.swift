package import LatchkeyCore

/// What a broker has counted of its shadow comparisons so far, since it was started.
package struct ShadowSample: Hashable, Sendable {
    package var at: WallTime
    /// When the broker was started: counters begin at 0 there.
    package var started: WallTime
    package var matches: Int
    package var mismatches: Int
    /// Comparisons that came to nothing because a store did not answer.
    package var errors: Int

    package init(at: WallTime, started: WallTime, matches: Int, mismatches: Int, errors: Int) {
        self.at = at
        self.started = started
        self.matches = matches
        self.mismatches = mismatches
        self.errors = errors
    }

    /// As a journal's run keeps it.
    package var details: [String: String] {
        [
            "started": "\(started.milliseconds)", "match": "\(matches)", "mismatch": "\(mismatches)",
            "error": "\(errors)",
        ]
    }

    /// The sample of a run; nil for another run.
    package init?(_ run: JournalRun) {
        func number(_ name: String) -> Int64? {
            run.details[name].flatMap { OutsideNumber.whole($0, in: OutsideNumber.counters) }
        }
        guard run.command == "gate", let started = number("started"), let matches = number("match"),
            let mismatches = number("mismatch"), let errors = number("error")
        else { return nil }
        self.init(
            at: run.at, started: WallTime(milliseconds: started), matches: Int(matches), mismatches: Int(mismatches),
            errors: Int(errors))
    }
}

/// Whether shadow comparisons speak for a cut-over. Pure.
package struct ShadowGate: Sendable {
    package enum Verdict: Hashable, Sendable {
        /// So many comparisons in the window, all of them equal.
        case open(matches: Int)
        case mismatches(Int)
        case tooFew(matches: Int, wanted: Int)
        /// The broker's counters do not reach back as far as the window.
        case tooShort(covered: Duration)
        /// The broker compares nothing.
        case noShadow

        package var isOpen: Bool { if case .open = self { true } else { false } }

        /// What is so, and what to do.
        package var explanation: String {
            switch self {
            case .open(let matches): "\(matches) comparisons, all equal"
            case .mismatches(let count):
                "\(count) comparisons were not equal: the broker's log names the secrets; copy and verify again"
            case .tooFew(let matches, let wanted):
                "\(matches) comparisons, and \(wanted) are wanted: wait, or lower --min-comparisons"
            case .tooShort(let covered):
                "the broker's counts cover \(covered.components.seconds) s: wait until they cover --window"
            case .noShadow: "the broker compares nothing: set LATCHKEY_SECRETS_BACKEND=shadow, or auto with shadow"
            }
        }
    }

    /// How far back comparisons count.
    package var window: Duration
    /// Comparisons that are enough.
    package var least: Int

    /// Two readings of a start are of the same one when they are no further apart: it is computed from clock ticks.
    private static let slack: Duration = .seconds(2)

    package init(window: Duration, least: Int) {
        self.window = window
        self.least = least
    }

    /// - Parameter earlier: what was counted before, in any order.
    package func judge(_ now: ShadowSample, earlier: [ShadowSample]) -> Verdict {
        let begin = now.at - window
        // Of the same broker, so that the counters' difference is what came between.
        let same = earlier.filter { abs($0.started - now.started) <= Self.slack && $0.at <= now.at }
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
        return matches >= least ? .open(matches: matches) : .tooFew(matches: matches, wanted: least)
    }

    private func abs(_ duration: Duration) -> Duration { duration < .zero ? .zero - duration : duration }
}

extension WallTime {
    /// `time` moved back, saturating.
    fileprivate static func - (time: Self, duration: Duration) -> Self { time + (.zero - duration) }
}
