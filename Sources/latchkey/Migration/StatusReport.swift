internal import LatchkeyCore
internal import LatchkeyMigration

/// Where a move stands, for programs and for people.
struct StatusReport {
    let status: MoveStatus
    /// The arguments that say which secrets, as the next command takes them.
    let which: String
    /// `--journal FILE` where that is not the usual one, for every command but plan.
    let journal: String

    private var next: MoveStatus.Step { status.next(which) }
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
                Dictionary(
                    Standing.allCases.map { ($0.rawValue, .integer(Int64(status.count($0)))) },
                    uniquingKeysWith: { $1 })),
            "backend": status.backend.map { .string($0.rawValue) } ?? .null,
            "next": ["command": command.map { .string($0) } ?? .null, "why": .string(next.why)],
        ]
    }

    private static func json(_ line: MoveStatus.Line) -> JSON {
        var members: [String: JSON] = [
            "secret": .string(line.secret.name), "parameter": .string(line.target),
            "standing": .string(line.standing.rawValue),
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
        let odd = status.lines.filter { $0.standing != .moved }
        for line in odd {
            secrets.add([line.secret.name, line.target, line.standing.rawValue, line.at.map(Day.text) ?? "-"])
        }
        let counts = Standing.allCases.filter { status.count($0) > 0 }.map { "\(status.count($0)) \($0.rawValue)" }
        return (odd.isEmpty ? [] : secrets.lines + [""]) + phases.lines + [""] + criteria.lines + [
            "", counts.joined(separator: ", "),
            "next: \(Table.clean(command ?? next.why))" + (command == nil ? "" : "  (\(Table.clean(next.why)))"),
        ]
    }
}
