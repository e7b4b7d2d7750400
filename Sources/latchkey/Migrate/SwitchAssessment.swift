internal import LatchkeyCore
internal import LatchkeyMigration

/// What turning a fleet comes to, as it is found out before anything is written.
struct SwitchAssessment: Sendable {
    /// Something was missing, and force lets it pass.
    var isForced = false
    /// The list of kept secrets to write; nil to leave the parameter as it is.
    var kept: KeptList?
    /// What stays in Secrets Manager.
    var staying: [StayingSecret] = []
    /// Names that callers get 404 for from then on.
    var lost: [String] = []
    /// Names that callers get another value for from then on: the parameter's.
    var shadowed: [String] = []
    /// What could not be found out.
    var note: String?

    /// What a journal's run has of it.
    var details: [String: String] {
        var details: [String: String] = [:]
        if isForced { details["forced"] = "true" }
        details["kept"] = (kept?.text)
        if !lost.isEmpty { details["lost"] = KeptList(names: lost).text }
        return details
    }

    /// For programs.
    var members: JSONObject {
        let names = { (names: [String]) in JSON.array(names.map { .string($0) }) }
        return [
            "kept": names(kept?.names ?? []), "lost": names(lost), "shadowed": names(shadowed),
            "staying": .array(staying.map(\.json)), "note": note.map { .string($0) } ?? .null,
        ]
    }

    /// For people.
    /// - Parameter parameter: the one that lists the kept secrets.
    func page(_ parameter: String) -> [String] {
        var lines: [String] = []
        if let kept { lines.append("\(parameter): \(kept.names.count) secrets kept in Secrets Manager") }
        lines += staying.filter { kept?.names.contains($0.name) == true }.map { "  kept: \($0.line)" }
        lines += lost.map { "  404 from now on: \(Table.clean($0))" }
        lines += shadowed.map { "  another value from now on, the parameter's: \(Table.clean($0))" }
        return lines + [note].compactMap { $0 }
    }
}

extension StayingSecret {
    /// For programs.
    var json: JSON { ["secret": .string(name), "reason": .string(reason)] }

    /// For people: the name, and why it stays.
    var line: String { "\(Table.clean(name)) (\(reason))" }

    /// What a command before the cut-over says where so many stay.
    static func advice(_ count: Int, journal: String) -> [String] {
        guard count > 0 else { return [] }
        return [
            "\(count) stay in Secrets Manager. Brokers go on to read them there after: latchkey migrate cutover "
                + "--keep\(journal)"
        ]
    }
}
