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
        /// What the backup has of it and a restore does not set.
        var leftToSet: [String] = []
        /// Whether a permission is missing for it.
        var isDenied = false
        /// What went wrong, once it was tried.
        var storeFailure: StoreFailure?
    }

    var lines: [Line]
    /// Whether it was carried out.
    var isDone = false

    /// Whether secrets were asked for by name, so that each of them counts.
    var isNamed = false

    /// How the command ends. Of a whole backup, what cannot go there is listed and is no failure, as long as anything
    /// can; what was asked for by name must.
    var status: ExitStatus {
        if let storeFailure = lines.compactMap(\.storeFailure).first { return storeFailure.status }
        guard !lines.contains(where: \.isDenied) else { return .denied }
        let blocked = count("blocked")
        return blocked > 0 && (isNamed || blocked == lines.count) ? .failed : .done
    }

    /// Lines that change something.
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
                    if !line.leftToSet.isEmpty {
                        members["left_to_set"] = .array(line.leftToSet.map { .string($0) })
                    }
                    if !line.obstacles.isEmpty { members["obstacles"] = .array(line.obstacles.map { .string($0) }) }
                    return .object(members)
                }),
        ]
    }

    /// For people: what changes or cannot, and the count of what stays.
    var page: [String] {
        var table = Table(["SECRET", "PARAMETER", "CHANGE", "WHY"])
        for line in lines where line.act != "nothing" {
            let why = line.storeFailure.map { "failed: \($0.code)" } ?? line.obstacles.joined(separator: " ")
            table.add([line.secret, line.target ?? "-", line.act, why])
        }
        for line in lines where !line.leftToSet.isEmpty {
            let what = line.leftToSet.map { $0.replacing("_", with: " ") }.joined(separator: ", ")
            table.add([line.secret, "", "", "to be set by hand, from the opened backup: \(what)"])
        }
        let failed = lines.count { $0.storeFailure != nil }
        let summary =
            "\(changes) to change, \(count("nothing")) as the backup has them, \(count("blocked")) blocked"
            + (isDone ? ": \(changes - failed) written, \(failed) failed" : "")
        return (lines.contains { $0.act != "nothing" } ? table.lines + [""] : []) + [summary]
    }
}
