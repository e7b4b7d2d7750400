internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

/// `latchkey migrate plan`.
struct MigratePlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what would be moved where, the obstacles, and the cost.",
        discussion: """
            Writes nothing. Write permissions are checked with a request that Parameter Store does not carry out. \
            Prices are the list prices of us-east-1.
            """)

    @OptionGroup var selected: SelectionArguments
    @OptionGroup var moveArguments: MoveArguments
    @Option(help: "Number of reads of all these secrets per month, for the cost.") var readsPerMonth = 0
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (0...1_000_000_000_000).contains(readsPerMonth) else {
            throw ValidationError("--reads-per-month must be 0 or more")
        }
    }

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let selection = try selected.selection()
            let options = try moveArguments.options()
            let access = try MigrationAccess(try CommandEnvironment.settings(need: .upstreams))
            var reader = InventoryReader(access: access, selection: selection)
            reader.isDetailed = true
            if case .key(let id) = options.key { reader.keyID = id }
            let (inventory, map, _) = try await reader.read()
            let plan = Planner(map: map, options: options, readsPerMonth: readsPerMonth).plan(inventory)
            if json { Terminal.print(plan.json.text) } else { PlanReport(plan).print() }
            if plan.items.contains(where: \.isUnread) { throw ExitCode(ExitStatus.unavailable.rawValue) }
        }
    }
}
