internal import LatchkeyCore
internal import LatchkeyMigration

/// The changes of a restore, planned or carried out.
struct RestoreReport {
    /// One secret of the backup.
    struct Line {
        let secret: String
        /// The target parameter; nil when restoring to Secrets Manager.
        let target: String?
        /// `create`, `overwrite`, `replace`, `undelete`, `nothing` or `blocked`.
        let act: String
        /// What prevents the restore.
        var obstacles: [String] = []
        /// What the backup has and the restore does not set.
        var notRestored: [String] = []
        /// Whether a permission is missing.
        var isDenied = false
        /// The error, after an attempt.
        var storeFailure: StoreFailure?
    }

    var lines: [Line]
    /// Whether the change was carried out.
    var isDone = false

    /// Whether secrets were named, so that each of them must succeed.
    var isNamed = false

    /// The exit code. In a restore of the whole backup, secrets that cannot be restored are listed but are not a
    /// failure unless none can be restored. Named secrets must succeed.
    var status: ExitStatus {
        if let storeFailure = lines.compactMap(\.storeFailure).first { return storeFailure.status }
        guard !lines.contains(where: \.isDenied) else { return .denied }
        let blocked = count("blocked")
        return blocked > 0 && (isNamed || blocked == lines.count) ? .failed : .done
    }

    /// Number of lines with a change.
    var changes: Int { lines.count { $0.act != "nothing" && $0.act != "blocked" } }

    private func count(_ act: String) -> Int { lines.count { $0.act == act } }

    var json: JSON {
        let acts = ["create", "overwrite", "replace", "undelete", "nothing", "blocked"]
        return [
            "done": .bool(isDone), "clean": .bool(isDone && status == .done),
            "summary": .object(
                JSONObject(
                    acts.map { ($0, .integer(Int64(count($0)))) }
                        + [("failed", .integer(Int64(lines.count { $0.storeFailure != nil })))])),
            "secrets": .array(
                lines.map { line in
                    var members: JSONObject = ["secret": .string(line.secret), "action": .string(line.act)]
                    members["parameter"] = line.target.map { .string($0) }
                    members["reason"] = line.storeFailure.map { .string($0.code) }
                    if !line.notRestored.isEmpty {
                        members["left_to_set"] = .array(line.notRestored.map { .string($0) })
                    }
                    if !line.obstacles.isEmpty { members["obstacles"] = .array(line.obstacles.map { .string($0) }) }
                    return .object(members)
                }),
        ]
    }

    /// The output for people: the changes and obstacles, and the number of unchanged secrets.
    var page: [String] {
        var table = Table(["SECRET", "PARAMETER", "CHANGE", "WHY"], state: 2)
        for line in lines where line.act != "nothing" {
            let why = line.storeFailure.map { "failed: \($0.code)" } ?? line.obstacles.joined(separator: " ")
            let style: TextStyle =
                line.storeFailure != nil ? .bad : line.act == "blocked" ? .warning : isDone ? .good : .plain
            table.add([line.secret, line.target ?? "-", line.act, why], style)
        }
        for line in lines where !line.notRestored.isEmpty {
            let what = line.notRestored.map { $0.replacing("_", with: " ") }.joined(separator: ", ")
            table.add([line.secret, "", "", "set by hand, from the decrypted backup: \(what)"])
        }
        let failed = lines.count { $0.storeFailure != nil }
        let summary =
            "\(changes) to change, \(count("nothing")) equal to the backup, \(count("blocked")) blocked"
            + (isDone ? ": \(changes - failed) written, \(failed) failed" : "")
        return (lines.contains { $0.act != "nothing" } ? table.lines + [""] : []) + [summary]
    }
}
