internal import LatchkeyCore
internal import LatchkeyMigration

/// What a restore would change, or did.
struct RestoreReport {
    /// One secret of the backup.
    struct Line {
        let secret: String
        /// The parameter it goes to, where it goes to one.
        let target: String?
        /// `create`, `overwrite`, `replace`, `undelete`, `nothing` or `blocked`.
        let act: String
        /// What is in the way.
        var obstacles: [String] = []
        /// What went wrong, once it was tried.
        var trouble: Trouble?
    }

    var lines: [Line]
    /// Whether it was carried out.
    var isDone = false

    /// Everything that is not blocked is as the backup has it, or would be.
    var status: ExitStatus { lines.compactMap(\.trouble).first?.status ?? .done }

    /// Lines that change something.
    var changes: Int { lines.count { $0.act != "nothing" && $0.act != "blocked" } }

    private func count(_ act: String) -> Int { lines.count { $0.act == act } }

    var json: JSON {
        let acts = ["create", "overwrite", "replace", "undelete", "nothing", "blocked"]
        return [
            "done": .bool(isDone), "clean": .bool(isDone && status == .done),
            "summary": .object(
                Dictionary(
                    acts.map { ($0, .integer(Int64(count($0)))) }
                        + [("failed", .integer(Int64(lines.count { $0.trouble != nil })))], uniquingKeysWith: { $1 })),
            "secrets": .array(
                lines.map { line in
                    var members: [String: JSON] = ["secret": .string(line.secret), "action": .string(line.act)]
                    members["parameter"] = line.target.map { .string($0) }
                    members["reason"] = line.trouble.map { .string($0.code) }
                    if !line.obstacles.isEmpty { members["obstacles"] = .array(line.obstacles.map { .string($0) }) }
                    return .object(members)
                }),
        ]
    }

    /// For people: what changes or cannot, and the count of what stays.
    var page: [String] {
        var table = Table(["SECRET", "PARAMETER", "CHANGE", "WHY"])
        for line in lines where line.act != "nothing" {
            let why = line.trouble.map { "failed: \($0.code)" } ?? line.obstacles.joined(separator: " ")
            table.add([line.secret, line.target ?? "-", line.act, why])
        }
        let failed = lines.count { $0.trouble != nil }
        let summary =
            "\(changes) to change, \(count("nothing")) as the backup has them, \(count("blocked")) blocked"
            + (isDone ? ": \(changes - failed) written, \(failed) failed" : "")
        return (lines.contains { $0.act != "nothing" } ? table.lines + [""] : []) + [summary]
    }
}
