internal import LatchkeyCore
internal import LatchkeyMigration

/// The output of a plan for people.
struct PlanReport {
    private let plan: Plan

    init(_ plan: Plan) { self.plan = plan }

    func print() { for line in lines { Terminal.print(line) } }

    var lines: [String] {
        var table = Table(["SECRET", "PARAMETER", "BYTES", "TIER", "ACTION"], state: 4)
        for item in plan.items {
            let cells = [
                item.secret.name, item.target, item.bytes.map { "\($0)" } ?? "-", item.tier?.rawValue ?? "-",
                item.action.rawValue,
            ]
            table.add(cells, item.action == .blocked ? .bad : item.action == .overwrite ? .warning : .good)
        }
        return table.lines + [""] + obstacles + [summary] + staying + unasked + cost
    }

    /// Each obstacle with its remedy, below its secret.
    private var obstacles: [String] {
        let hindered = plan.items.filter { !$0.obstacles.isEmpty }
        return hindered.flatMap { item in
            [Table.clean(item.secret.name)]
                + item.obstacles.flatMap { obstacle in
                    [
                        "  \(obstacle.severity.rawValue): \(Table.clean(obstacle.explanation)) [\(obstacle.code)]",
                        "    \(Table.clean(obstacle.remedy))",
                    ]
                }
        } + (hindered.isEmpty ? [] : [""])
    }

    private var summary: String {
        "\(plan.items.count) secrets: \(plan.count(.create)) to create, \(plan.count(.overwrite)) to overwrite, "
            + "\(plan.count(.nothing)) already there, \(plan.count(.blocked)) blocked"
    }

    /// The secrets that a copy by this plan would leave in Secrets Manager.
    private var staying: [String] {
        let names = plan.staying.map { Table.clean($0.secret.name) }
        guard !names.isEmpty else { return [] }
        let list = names.joined(separator: ", ")
        return ["\(names.count) stay in Secrets Manager, and cutover needs --keep for them: \(list)"]
    }

    private var unasked: [String] {
        guard plan.uncheckedPaths > 0 else { return [] }
        return ["write permission was not checked for \(plan.uncheckedPaths) more paths"]
    }

    private var cost: [String] {
        [
            "cost per month now: \(Cost.text(plan.costBefore.total)); after the migration and the cleanup: "
                + "\(Cost.text(plan.costAfter.total)) (Secrets Manager \(Cost.text(plan.costAfter.secretsManager)), "
                + "Parameter Store \(Cost.text(plan.costAfter.parameterStore)))"
        ]
    }
}
