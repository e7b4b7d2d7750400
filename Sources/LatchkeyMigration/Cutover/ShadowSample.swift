package import LatchkeyCore

/// The shadow comparisons that a broker has counted since its start.
package struct ShadowSample: Hashable, Sendable {
    package var at: WallTime
    /// When the broker started. Its counters begin at 0 then.
    package var started: WallTime
    package var matches: Int
    package var mismatches: Int
    /// Comparisons without a result, because a store did not answer.
    package var errors: Int

    package init(at: WallTime, started: WallTime, matches: Int, mismatches: Int, errors: Int) {
        self.at = at
        self.started = started
        self.matches = matches
        self.mismatches = mismatches
        self.errors = errors
    }

    /// The details of the journal entry that a gate records.
    package var details: [String: String] {
        [
            "started": "\(started.milliseconds)", "match": "\(matches)", "mismatch": "\(mismatches)",
            "error": "\(errors)",
        ]
    }

    /// Reads ``details``; nil for the entry of another command.
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
