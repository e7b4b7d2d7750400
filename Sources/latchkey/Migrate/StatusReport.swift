internal import LatchkeyCore
internal import LatchkeyMigration

/// The state of a migration, for programs and people.
struct StatusReport {
    let status: MoveStatus
    /// The arguments that give the next command the same selection; nil if they are too long.
    let selected: String?
    /// `--journal FILE`, unless it is the default. For every command but plan.
    let journal: String
    /// Denied IAM actions. If there are any, the state is incomplete.
    let denied: [String]

    private var next: NextStep { status.next(selected, backupFile: Self.unusedName, journal: journal) }

    /// A name for a backup file that does not exist in this folder, so that the command can be used as printed.
    private static var unusedName: String {
        let names = ["backup.cms"] + (2...99).map { "backup-\($0).cms" }
        return names.first { !BackupFile(path: $0).exists } ?? "FILE"
    }

    private var command: String? {
        next.command.map { "latchkey migrate \($0)" + ($0.hasPrefix("plan") ? "" : journal) }
    }

    var json: JSON {
        [
            "phases": .array(
                MovePhase.allCases.map {
                    [
                        "number": .integer(Int64($0.rawValue)), "title": .string($0.title),
                        "state": .string($0.state(status).rawValue),
                    ]
                }),
            "criteria": .array(
                SuccessCriterion.allCases.map { criterion in
                    let (state, measured) = criterion.judge(status)
                    return [
                        "name": .string(criterion.rawValue), "state": .string(state.rawValue),
                        "measured": .string(measured), "wanted": .string(criterion.wanted),
                    ]
                }),
            "secrets": .array(status.lines.map(Self.json)),
            "summary": .object(
                JSONObject(
                    SecretMigrationState.allCases.map { ($0.rawValue, .integer(Int64(status.count($0)))) })),
            "kept": .array(status.kept.names.map { .string($0) }), "staying": .array(status.staying.map(\.json)),
            "backend": status.backend.map { .string($0.rawValue) } ?? .null,
            "denied": .array(denied.map { .string($0) }),
            "next": ["command": command.map { .string($0) } ?? .null, "why": .string(next.why)],
        ]
    }

    private static func json(_ line: MoveStatus.Line) -> JSON {
        var members: JSONObject = [
            "secret": .string(line.secret.name), "parameter": .string(line.target),
            "standing": .string(line.state.rawValue),
        ]
        members["at"] = line.at.map { .integer($0.milliseconds) }
        members["deletion"] = line.secret.deletion.map { .string(Day.text($0)) }
        return .object(members)
    }

    /// Moved secrets without problems are counted, the others listed.
    var page: [String] {
        var phases = Table(["PHASE", "", "STATE"], state: 2)
        for phase in MovePhase.allCases {
            let state = phase.state(status)
            phases.add(["\(phase.rawValue)", phase.title, state.rawValue], state == .done ? .good : .plain)
        }
        var criteria = Table(["CRITERION", "STATE", "MEASURED", "WANTED"], state: 1)
        for criterion in SuccessCriterion.allCases {
            let (state, measured) = criterion.judge(status)
            let style: TextStyle = state == .met ? .good : state == .unmet ? .bad : .plain
            criteria.add([criterion.rawValue, state.rawValue, measured, criterion.wanted], style)
        }
        var secrets = Table(["SECRET", "PARAMETER", "STATE", "SINCE"], state: 2)
        let odd = status.lines.filter { $0.state != .moved }
        for line in odd {
            secrets.add(
                [line.secret.name, line.target, line.state.rawValue, line.at.map(Day.text) ?? "-"],
                line.state == .failed || line.state == .missing ? .bad : .warning)
        }
        let counts = SecretMigrationState.allCases.filter { status.count($0) > 0 }.map {
            "\(status.count($0)) \($0.rawValue)"
        }
        let refused = denied.map { "\($0) is refused" }
        return (odd.isEmpty ? [] : secrets.lines + [""]) + phases.lines + [""] + criteria.lines + [
            "", counts.joined(separator: ", "),
        ] + refused + [
            "next: \(Table.clean(command ?? next.why))" + (command == nil ? "" : "  (\(Table.clean(next.why)))")
        ]
    }
}
