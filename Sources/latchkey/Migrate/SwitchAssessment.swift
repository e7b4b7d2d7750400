internal import LatchkeyCore
internal import LatchkeyMigration

/// The consequences of switching a fleet's backend, determined before anything is written.
struct SwitchAssessment: Sendable {
    /// Whether something is missing and `--force` allows the switch anyway.
    var isForced = false
    /// The list of kept secrets to write; nil keeps the parameter as it is.
    var kept: KeptList?
    /// Secrets that stay in Secrets Manager.
    var staying: [StayingSecret] = []
    /// Names that get 404 after the switch.
    var lost: [String] = []
    /// Names that get another value after the switch: that of the parameter.
    var shadowed: [String] = []
    /// What could not be determined.
    var note: String?

    /// The details for the journal.
    var details: [String: String] {
        var details: [String: String] = [:]
        if isForced { details["forced"] = "true" }
        details["kept"] = (kept?.text)
        if !lost.isEmpty { details["lost"] = KeptList(names: lost).text }
        return details
    }

    /// The JSON members.
    var members: JSONObject {
        let names = { (names: [String]) in JSON.array(names.map { .string($0) }) }
        return [
            "kept": names(kept?.names ?? []), "lost": names(lost), "shadowed": names(shadowed),
            "staying": .array(staying.map(\.json)), "note": note.map { .string($0) } ?? .null,
        ]
    }

    /// The output for people.
    /// - Parameter parameter: the parameter that lists the kept secrets.
    func page(_ parameter: String) -> [String] {
        var lines: [String] = []
        if let kept { lines.append("\(parameter): \(kept.names.count) secrets kept in Secrets Manager") }
        lines += staying.filter { kept?.names.contains($0.name) == true }.map { "  kept: \($0.line)" }
        lines += lost.map { "  404 from now on: \(Table.clean($0))" }
        lines += shadowed.map { "  another value from now on, that of the parameter: \(Table.clean($0))" }
        return lines + [note].compactMap { $0 }
    }
}

extension StayingSecret {
    /// The JSON form.
    var json: JSON { ["secret": .string(name), "reason": .string(reason)] }

    /// The output for people: the name and the reason.
    var line: String { "\(Table.clean(name)) (\(reason))" }

    /// A hint for commands before the cut-over if so many secrets stay.
    static func advice(_ count: Int, journal: String) -> [String] {
        guard count > 0 else { return [] }
        return [
            "\(count) stay in Secrets Manager. Brokers keep reading them there if you run: latchkey migrate cutover "
                + "--keep\(journal)"
        ]
    }
}
