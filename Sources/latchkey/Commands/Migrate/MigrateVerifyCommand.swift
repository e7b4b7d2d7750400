internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

/// `latchkey migrate verify`.
struct MigrateVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read both stores again and compare every secret: length, digest, version.",
        discussion: """
            Exit code 1 and a list if anything differs, including values written after the copy. Unequal values are \
            read again for some seconds, because Parameter Store is eventually consistent. Secrets that cannot be \
            moved (see plan, with the same --tier), or that the copy left, are listed as left; they count as \
            differences only with --strict. If the copy's journal exists, versions are compared with it and the \
            result is recorded in it.
            """)

    @OptionGroup var selected: SelectionArguments
    @OptionGroup var moveArguments: MoveArguments
    @Option(help: ArgumentHelp("The copy's journal.", valueName: "file"))
    var journal = JournalFile.defaultPath
    @Flag(help: "Count secrets that are left in Secrets Manager as differences.") var strict = false
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let known = try PreparedJournal.peek(journal)
            let selection = try selected.selection(orOf: known?.journal ?? Journal())
            let settings = try CommandEnvironment.settings(need: .upstreams)
            let access = try MigrationAccess(settings)
            let (inventory, map, _) = try await InventoryReader(access: access, selection: selection).read()
            let plan = Planner(map: map, options: try moveArguments.options()).plan(inventory)
            let report = try await compare(plan, inventory: inventory, known: known, access: access)
            let isClean = report.isClean && !(strict && !report.left.isEmpty)
            if let known {
                let place = try await access.place(known.journal, settings)
                let prepared = try PreparedJournal(path: journal, place: access.region, resumes: true)
                let file = try prepared.begin(now: Timing.system.now().wall)
                try file.record(selected.recorded)
                try file.record(
                    "verify", isClean: isClean, count: report.findings.count,
                    place.details(known.journal, comparing: Set(report.pairs.map(\.target))))
            }
            if json { Terminal.print(report.json.text) } else { for line in report.page { Terminal.print(line) } }
            let status = report.status == .done && !isClean ? .failed : report.status
            if status != .done { throw ExitCode(status.rawValue) }
        }
    }

    private func compare(
        _ plan: Plan, inventory: Inventory, known: (journal: Journal, key: DigestKey)?, access: MigrationAccess
    ) async throws -> VerifyReport {
        let journal = known?.journal ?? Journal()
        let left = plan.items.filter { $0.isLeft(inventory, journal) }
        let moved = plan.items.filter { !$0.isLeft(inventory, journal) }
        let pairs = moved.map { item in
            VerifyRun.Pair(
                secret: item.secret.name, target: item.target, version: known?.journal.verifiedVersion(item))
        }
        var first: [Int: Verification.Reading] = [:]
        for (index, item) in moved.enumerated() {
            let existing = inventory.parameters[item.target]
            let denied = item.secret.denied + (inventory.deniedParameters[item.target] ?? []).sorted()
            first[index] = Verification.Reading(
                old: item.secret.value, new: existing?.value, version: existing?.version,
                failure: denied.first { !Obstacle.optionalActions.contains($0) }.map {
                    StoreFailure(.denied, code: $0)
                }
                    ?? (item.isUnread ? StoreFailure(.unsure, code: "unread") : nil))
        }
        let findings = try await VerifyRun(access: access, key: known?.key ?? .random()).run(pairs, first: first)
        return VerifyReport(
            pairs: pairs, findings: findings, left: left, journal: ShellWord.journal(self.journal))
    }
}

extension PlanItem {
    /// Whether the secret cannot be moved and was not moved. A secret that was moved with other options or a map is
    /// compared.
    fileprivate func isLeft(_ inventory: Inventory, _ journal: Journal) -> Bool {
        guard secret.exists, !isDenied, !isUnread, action == .blocked || journal.hasLeft(secret, at: target) else {
            return false
        }
        return inventory.parameters[target] == nil || secret.deletion != nil
    }
}

extension Journal {
    /// The version at which the copy verified the parameter's value.
    fileprivate func verifiedVersion(_ item: PlanItem) -> Int64? {
        guard let line = items[item.target], line.secret == item.secret.name, line.state == .verified else {
            return nil
        }
        return line.version
    }
}
