package import LatchkeyCore

/// One line of a journal. A line holds keyed digests and never a value.
package enum JournalLine: Hashable, Sendable {
    /// The first line.
    case opened(JournalHeader)
    /// A step of one secret.
    case item(JournalItem)
    /// A command, recorded when it ends or before it writes.
    case ran(JournalRun)

    /// The line as JSON, without the line end.
    package var json: JSON {
        switch self {
        case .opened(let header): header.json
        case .item(let item): item.json
        case .ran(let run): run.json
        }
    }

    /// Returns nil for JSON that is not a line of a journal.
    package init?(_ json: JSON) {
        guard let at = json["at"]?.integer.map({ WallTime(milliseconds: $0) }) else { return nil }
        if json["journal"]?.integer == JournalHeader.format {
            guard let header = JournalHeader(json, at: at) else { return nil }
            self = .opened(header)
        } else if json["run"]?.string != nil {
            guard let run = JournalRun(json, at: at) else { return nil }
            self = .ran(run)
        } else {
            guard let item = JournalItem(json, at: at) else { return nil }
            self = .item(item)
        }
    }
}
