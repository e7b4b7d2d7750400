package import LatchkeyCore
internal import LatchkeyCrypto

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
    /// What a copy has looked at and left where it is, by secret.
    package private(set) var left: [String: JournalItem] = [:]
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
            guard let json = try? JSON(parsing: bytes[start..<end], limits: .ownFile), let line = JournalLine(json)
            else {
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
        case .item(let item) where item.state == .left: left[item.secret] = item
        case .item(let item):
            items[item.target] = item
            left[item.secret] = nil
            isUnfinished = true
        case .ran(let run):
            runs.append(run)
            if run.command == "copy" { isUnfinished = false }
        }
    }

    /// Whether nothing stands in it but how it was begun: no digest was made with its key.
    package var isBare: Bool { items.isEmpty && left.isEmpty && runs.isEmpty }

    /// Whether the secret's version was seen in the parameter already, so that nothing is to be done for it.
    package func hasVerified(_ secret: SourceSecret, at target: String) -> Bool {
        guard let item = items[target], item.state == .verified, let version = item.versionID else { return false }
        return item.secret == secret.name && version == secret.versionID
    }

    /// Whether a copy has looked at the secret's very version and left it.
    package func hasLeft(_ secret: SourceSecret, at target: String) -> Bool {
        guard let item = left[secret.name] else { return false }
        return item.target == target && item.versionID == secret.versionID
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

    /// Since when the fleet that follows `parameter` has been on the new store; nil before that, and once it was turned
    /// away from it, or may have been.
    package func cutOverSince(_ parameter: String) -> WallTime? {
        runs.lazy.filter { $0.details["parameter"] == parameter }.reduce(nil) { since, run in
            switch run.command {
            // Said again, a cut-over does not begin anew.
            case "cutover": run.isClean ? since ?? run.at : since
            // Written before it is done: one that was cut off here may have been done.
            case "turn": run.details["to"] == BackendInForce.parameterStore.rawValue ? since : nil
            case "rollback", "shadow": nil
            default: since
            }
        }
    }

    /// Tells which secrets were compared, at which versions: SHA-256, as hex, over those that the journal has moved.
    /// - Parameter targets: the parameters that were compared; nil for all.
    package func comparison(of targets: Set<String>? = nil) -> String {
        let moved = items.values.filter { $0.state == .verified && targets?.contains($0.target) ?? true }
        let lines = moved.map { item in
            JSON.array([
                .string(item.secret), .string(item.target), .string(item.versionID ?? ""),
                .integer(item.version ?? 0), .string(item.digest),
            ]).text
        }
        return SHA256.hash(Array(lines.sorted().joined(separator: "\n").utf8)).hex
    }
}
