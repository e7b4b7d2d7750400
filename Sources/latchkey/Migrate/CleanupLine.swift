internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyUpstream

/// One secret in a cleanup, before and after.
struct CleanupLine: Sendable {
    let secret: SourceSecret
    let target: String
    /// `delete`, `restore`, `nothing`, `kept` or `blocked`.
    var act: String
    var blocks: [CleanupBlock] = []
    /// When it is deleted, once that is set.
    var deletion: WallTime?
    var storeFailure: StoreFailure?

    /// Whether something is done with it.
    var isChange: Bool { act == "delete" || act == "restore" }

    /// The same for what is among these; nothing for the rest.
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
