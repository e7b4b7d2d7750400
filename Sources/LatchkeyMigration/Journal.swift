package import LatchkeyCore

/// A journal as it was read back: where every secret stands. Pure.
package struct Journal: Sendable {
    /// Why a file is no journal to go on with. Lower case; says how to mend it.
    package enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// A line that is whole and not a journal's, counted from 1.
        case foreignLine(Int)
        /// The first whole line is no header.
        case noHeader

        package var description: String {
            switch self {
            case .foreignLine(let number): "line \(number) is not a journal's: name another file, or move this one away"
            case .noHeader: "the file does not begin as a journal: name another file, or move this one away"
            }
        }
    }

    /// Nil in a journal without a whole line.
    package private(set) var header: JournalHeader?
    /// The last line of each secret, by the parameter it goes to.
    package private(set) var items: [String: JournalItem] = [:]
    /// Every run, in the order they ended.
    package private(set) var runs: [JournalRun] = []
    /// Bytes up to the end of the last whole line: what comes after was cut off by a crash and does not count.
    package private(set) var wholeBytes = 0
    /// Whether a copy was begun after the last that came to its end.
    package private(set) var isUnfinished = false

    /// An empty journal.
    package init() {}

    /// Reads a file's content. A last line without its line end is what a crash leaves, and is passed over.
    package init(_ bytes: [UInt8]) throws(Refusal) {
        var start = 0
        var number = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            number += 1
            guard let json = try? JSON(parsing: bytes[start..<end]), let line = JournalLine(json) else {
                throw number == 1 ? .noHeader : .foreignLine(number)
            }
            if case .opened = line {} else if header == nil { throw .noHeader }
            note(line)
            start = end + 1
        }
        wholeBytes = start
    }

    /// Takes in one more line.
    package mutating func note(_ line: JournalLine) {
        switch line {
        case .opened(let header): self.header = header
        case .item(let item):
            items[item.target] = item
            isUnfinished = true
        case .ran(let run):
            runs.append(run)
            if run.command == "copy" { isUnfinished = false }
        }
    }

    /// Whether the secret's version was seen in the parameter already, so that nothing is to be done for it.
    package func hasVerified(_ secret: OldSecret, at target: String) -> Bool {
        guard let item = items[target], item.state == .verified, let version = item.versionID else { return false }
        return item.secret == secret.name && version == secret.versionID
    }

    /// The last run of a command.
    package func last(_ command: String) -> JournalRun? { runs.last { $0.command == command } }

    /// Secrets whose deletion a cleanup has set, or was about to set, and no undo has taken back.
    package var removed: Set<String> {
        runs.reduce(into: []) { names, run in
            guard let name = run.details["secret"] else { return }
            if run.command == "delete" { names.insert(name) } else if run.command == "undelete" { names.remove(name) }
        }
    }

    /// Since when the fleet has been on the new store; nil before that, and after it was rolled back.
    package var cutOverSince: WallTime? {
        let turns = runs.filter { ($0.command == "cutover" && $0.isClean) || $0.command == "rollback" }
        guard turns.last?.command == "cutover" else { return nil }
        // Said again, a cut-over does not begin anew.
        return turns.reversed().prefix { $0.command == "cutover" }.last?.at
    }
}
