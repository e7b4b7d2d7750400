package import LatchkeyCore

/// Which lines are shown. Pure.
package struct AuditFilter: Sendable {
    /// The caller's id; `-` for lines without one; nil for all.
    package var caller: String?
    /// A pattern of names (``UsePattern``).
    package var name: String?
    package var since: WallTime?
    package var until: WallTime?
    package var decision: String?

    package init() {}

    /// Whether the line is shown. A line whose time cannot be read is.
    package func includes(_ record: AuditRecord) -> Bool {
        if let caller, record.text("caller") ?? "-" != caller { return false }
        if let decision, record.text("decision") != decision { return false }
        if let name, !UsePattern.matches(name, record.text("name") ?? "") { return false }
        guard since != nil || until != nil, let time = RFC3339.parse(record.time) else { return true }
        return (since.map { time >= $0 } ?? true) && (until.map { time < $0 } ?? true)
    }
}
