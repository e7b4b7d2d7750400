internal import LatchkeyCore
internal import LatchkeyMigration

/// Where a move stands, for programs and for people.
struct StatusReport {
    let status: MoveStatus
    /// The arguments that say which secrets, as the next command takes them; nil where none that are short enough do.
    let selected: String?
    /// `--journal FILE` where that is not the usual one, for every command but plan.
    let journal: String
    /// IAM actions that were refused, so that not all is known.
    let denied: [String]

    private var next: NextStep { status.next(selected, backupFile: Self.freeName, journal: journal) }

    /// A name for a backup that no file of this folder has, so that the command can be typed as it is printed.
    private static var freeName: String {
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

    /// What is moved and well is counted, the rest listed.
    var page: [String] {
        var phases = Table(["PHASE", "", "STATE"])
        for phase in MovePhase.allCases {
            phases.add(["\(phase.rawValue)", phase.title, phase.state(status).rawValue])
        }
        var criteria = Table(["CRITERION", "STATE", "MEASURED", "WANTED"])
        for criterion in SuccessCriterion.allCases {
            let (state, measured) = criterion.judge(status)
            criteria.add([criterion.rawValue, state.rawValue, measured, criterion.wanted])
        }
        var secrets = Table(["SECRET", "PARAMETER", "STANDING", "SINCE"])
        let odd = status.lines.filter { $0.state != .moved }
        for line in odd {
            secrets.add([line.secret.name, line.target, line.state.rawValue, line.at.map(Day.text) ?? "-"])
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
