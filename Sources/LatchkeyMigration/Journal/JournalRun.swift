package import LatchkeyCore

/// A recorded command: who ran it, when, and with what result.
package struct JournalRun: Hashable, Sendable {
    /// What was recorded:
    /// - at the end of a command: `backup`, `copy`, `verify`, `gate`, `shadow`, `cutover`, `rollback`, `cleanup`, `undo`;
    /// - before it writes: `turn` for shadow, cutover and rollback, `delete` and `undelete` for one secret;
    /// - `selection` for the secrets that a copy or verify covers.
    package var command: String
    /// Whether nothing was left to do, or everything was equal.
    package var isClean: Bool
    /// The number of secrets the command covered.
    package var count: Int
    /// Who ran it, such as `deploy@ci-7`.
    package var by: String
    package var at: WallTime
    /// Further facts, such as the backends before and after a cut-over. Holds no value and no key.
    package var details: [String: String] = [:]

    package init(command: String, isClean: Bool, count: Int, by: String, at: WallTime) {
        self.command = command
        self.isClean = isClean
        self.count = count
        self.by = by
        self.at = at
    }

    var json: JSON {
        [
            "run": .string(command), "clean": .bool(isClean), "count": .integer(Int64(count)), "by": .string(by),
            "at": .integer(at.milliseconds),
            "details": .object(JSONObject(details.mapValues { .string($0) })),
        ]
    }

    init?(_ json: JSON, at: WallTime) {
        guard let command = json["run"]?.string, let isClean = json["clean"]?.bool,
            let count = json["count"]?.integer
        else { return nil }
        self.init(
            command: command, isClean: isClean, count: Int(clamping: count), by: json["by"]?.string ?? "", at: at)
        details = (json["details"]?.object ?? [:]).compactMapValues(\.string)
    }
}
