package import LatchkeyCore
internal import LatchkeyCrypto

/// A journal as read from its file: how far each secret has been moved, and which commands have run. Pure.
package struct Journal: Sendable {
    /// Why a file cannot be used as a journal. The description is lower case and says what to do.
    package enum FormatError: Error, Hashable, Sendable, CustomStringConvertible {
        /// A complete line is not a journal entry. Lines are counted from 1.
        case foreignLine(Int)
        /// The first complete line is not a header.
        case noHeader

        package var description: String {
            let remedy = "name another file with --journal, or move this one away"
            return switch self {
            case .foreignLine(let number): "line \(number) is not an entry of a journal: \(remedy)"
            case .noHeader: "the file does not begin with the header of a journal: \(remedy)"
            }
        }
    }

    /// Nil until the header line has been read.
    package private(set) var header: JournalHeader?
    /// The last entry of each secret that a copy has begun, by parameter name.
    package private(set) var items: [String: JournalItem] = [:]
    /// The last entry of each secret that a copy left in Secrets Manager, by secret name.
    package private(set) var left: [String: JournalItem] = [:]
    /// Every command that was recorded, in the order of the file.
    package private(set) var runs: [JournalRun] = []
    /// The bytes up to the end of the last complete line. A crash may leave an incomplete line after them.
    package private(set) var wholeBytes = 0
    /// Whether the last copy began and did not finish.
    package private(set) var isUnfinished = false

    /// An empty journal.
    package init() {}

    /// Reads the content of a file. An incomplete last line is what a crash leaves; it is ignored.
    package init(_ bytes: [UInt8]) throws(FormatError) {
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

    /// Applies one more line.
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

    /// Whether the journal has no entry but the header, so that no digest depends on its key.
    package var hasOnlyHeader: Bool { items.isEmpty && left.isEmpty && runs.isEmpty }

    // MARK: Secrets

    /// Whether a copy has already read back this version of the secret from its parameter.
    package func hasVerified(_ secret: SourceSecret, at target: String) -> Bool {
        guard let item = items[target], item.state == .verified, let version = item.versionID else { return false }
        return item.secret == secret.name && version == secret.versionID
    }

    /// Whether a copy has left this version of the secret in Secrets Manager.
    package func hasLeft(_ secret: SourceSecret, at target: String) -> Bool {
        guard let item = left[secret.name] else { return false }
        return item.target == target && item.versionID == secret.versionID
    }

    /// The number of secrets that a copy has read back from their parameters.
    package var verifiedCount: Int { items.values.count { $0.state == .verified } }

    /// The secrets that a cleanup has scheduled for deletion, or was about to, and no undo has restored.
    package var removed: Set<String> {
        runs.reduce(into: []) { names, run in
            guard let name = run.details["secret"] else { return }
            if run.command == "delete" { names.insert(name) } else if run.command == "undelete" { names.remove(name) }
        }
    }

    /// A digest of what was moved: SHA-256 in hex over the secrets, parameters, versions and value digests.
    ///
    /// A verify records it. A cut-over compares it, so that the verify counts only for exactly the same copies.
    /// - Parameter targets: the parameters to include; nil for all.
    package func comparisonDigest(of targets: Set<String>? = nil) -> String {
        let moved = items.values.filter { $0.state == .verified && targets?.contains($0.target) ?? true }
        let lines = moved.map { item in
            JSON.array([
                .string(item.secret), .string(item.target), .string(item.versionID ?? ""),
                .integer(item.version ?? 0), .string(item.digest),
            ]).text
        }
        return SHA256.hash(Array(lines.sorted().joined(separator: "\n").utf8)).hex
    }

    // MARK: Commands

    /// The last run of a command.
    package func last(_ command: String) -> JournalRun? { runs.last { $0.command == command } }

    /// When the fleet that follows `parameter` was cut over to Parameter Store; nil if it was not, or may have been
    /// switched away since.
    package func cutOverSince(_ parameter: String) -> WallTime? {
        runs.lazy.filter { $0.details["parameter"] == parameter }.reduce(nil) { since, run in
            switch run.command {
            // A repeated cut-over keeps the time of the first.
            case "cutover": run.isClean ? since ?? run.at : since
            // Recorded before the switch is made: the command may have been killed after it.
            case "turn": run.details["to"] == FleetBackend.parameterStore.rawValue ? since : nil
            case "rollback", "shadow": nil
            default: since
            }
        }
    }
}
