internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyUpstream

/// One secret of a cleanup, planned or carried out.
struct CleanupLine: Sendable {
    let secret: SourceSecret
    let target: String
    /// `delete`, `restore`, `nothing`, `kept` or `blocked`.
    var act: String
    var blocks: [CleanupBlock] = []
    /// The deletion date, once it is set.
    var deletion: WallTime?
    var storeFailure: StoreFailure?

    /// Whether the secret is changed.
    var isChange: Bool { act == "delete" || act == "restore" }

    /// The line itself if the secret is among `names`; otherwise a line that changes nothing.
    func limited(to names: Set<String>) -> CleanupLine {
        guard isChange, !names.contains(secret.name) else { return self }
        var line = self
        line.act = "nothing"
        return line
    }

    var json: JSON {
        var members: JSONObject = [
            "secret": .string(secret.name), "parameter": .string(target), "action": .string(act),
            "blocks": .array(
                blocks.map { ["code": .string($0.code), "explanation": .string($0.explanation)] }),
        ]
        members["deletion"] = deletion.map { .string(Day.text($0)) }
        members["reason"] = storeFailure.map { .string($0.code) }
        return .object(members)
    }
}
