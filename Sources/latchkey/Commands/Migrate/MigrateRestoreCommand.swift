internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMigration
internal import LatchkeySettings

/// `latchkey migrate restore`.
struct MigrateRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Restore the secrets of a backup to either store.",
        discussion: """
            Shows what would change, asks for confirmation, and writes it; without a terminal it needs --yes. Nothing \
            is written unless the whole backup is intact. Equal values are left unchanged, so an interrupted restore \
            can be repeated.
            """)

    /// The store to restore to.
    enum Destination: String, ExpressibleByArgument, CaseIterable {
        case parameterStore = "parameter-store"
        case secretsManager = "secrets-manager"
    }

    @Option(help: ArgumentHelp("The backup.", valueName: "file")) var from: String
    @Option(help: ArgumentHelp("File with its password.", valueName: "file")) var passwordFile: String?
    @Option(help: ArgumentHelp("Private key in PEM, for the certificate of the backup.", valueName: "file"))
    var keyFile: String?
    @Option(help: "parameter-store or secrets-manager.") var to: Destination
    @Option(help: ArgumentHelp("Only this secret; may be repeated.", valueName: "name")) var only: [String] = []
    @Option(help: ArgumentHelp("JSON file that maps secret ids to parameter names.", valueName: "file"))
    var map: String?
    @OptionGroup var moveArguments: MoveArguments
    @OptionGroup var rate: RateArguments
    @Flag(help: "Write without asking, and overwrite other values.") var yes = false
    @Flag(help: "Show what would be written, and write nothing.") var dryRun = false
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (passwordFile == nil) != (keyFile == nil) else {
            throw ValidationError("give either --password-file or --key-file")
        }
    }

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let document = try BackupFile(path: from).read(try opener())
            let secrets = try chosen(document.secrets)
            let access = try MigrationAccess(
                try CommandEnvironment.settings(need: .upstreams), maxWritesPerSecond: rate.writesPerSecond)
            switch to {
            case .secretsManager: try await intoSecretsManager(secrets, document.key, access)
            case .parameterStore: try await intoParameterStore(secrets, access)
            }
        }
    }

    private func opener() throws -> BackupFile.Opener {
        if let passwordFile { return .password(try BackupFile.password(passwordFile)) }
        return .privateKey(Secret(try SmallFile.required(keyFile ?? "")))
    }

    private func chosen(_ secrets: [SourceSecret]) throws -> [SourceSecret] {
        guard !only.isEmpty else { return secrets }
        for name in only where !secrets.contains(where: { $0.name == name }) {
            throw CommandFailure(.failed, "the backup has no secret \(Table.clean(name))")
        }
        return secrets.filter { only.contains($0.name) }
    }

    /// Whether to continue after the changes were shown.
    private func mayWrite(_ report: RestoreReport) throws -> Bool {
        guard !dryRun, report.changes > 0 else { return false }
        if yes { return true }
        guard Confirmation.isPossible else {
            throw CommandFailure(.usage, "nothing was written: use --yes to write what was shown")
        }
        guard Confirmation.asks("\(report.changes) changes will be made.") else {
            throw CommandFailure(.failed, "nothing was written")
        }
        return true
    }

    private func show(_ report: RestoreReport) {
        if json { return Terminal.print(report.json.text) }
        for line in report.page { Terminal.print(line) }
    }

    /// Shows the planned changes if the user must confirm them, carries them out and shows the result.
    private func conclude(_ plan: RestoreReport, _ carryOut: (inout RestoreReport) async throws -> Void) async throws {
        var report = plan
        report.isNamed = !only.isEmpty
        if !json || !yes || dryRun { show(report) }
        guard try mayWrite(report) else {
            if json, yes, !dryRun {
                report.isDone = true
                show(report)
            }
            return try end(report)
        }
        try await carryOut(&report)
        report.isDone = true
        show(report)
        try end(report)
    }

    private func end(_ report: RestoreReport) throws {
        if !dryRun, report.status != .done { throw ExitCode(report.status.rawValue) }
    }

    // MARK: Stores

    private func intoSecretsManager(
        _ secrets: [SourceSecret], _ key: DigestKey, _ access: MigrationAccess
    ) async throws {
        let restore = SecretRestore(access: access, key: key)
        let items = try await restore.plan(secrets)
        let plan = RestoreReport(
            lines: items.map { item in
                RestoreReport.Line(
                    secret: item.secret.name, target: nil, act: item.action.rawValue,
                    obstacles: item.action == .blocked ? ["no_value"] : [],
                    notRestored: item.action == .create ? item.secret.leftToSet : [])
            })
        try await conclude(plan) { report in
            var progress = Progress("restored", of: plan.changes)
            defer { progress.end() }
            for (index, item) in items.enumerated() where item.action != .nothing && item.action != .blocked {
                report.lines[index].storeFailure = await restore.carryOut(item)
                progress.step()
            }
        }
    }

    private func intoParameterStore(_ secrets: [SourceSecret], _ access: MigrationAccess) async throws {
        let options = try moveArguments.options()
        let map = try map.map { try Selection(prefixes: [], names: [], mapFile: $0).map } ?? [:]
        let reader = InventoryReader(access: access, selection: Selection(map: map))
        let plan = Planner(map: map, options: options).plan(try await reader.read(asIn: secrets, map: map))
        let shown = RestoreReport(
            lines: plan.items.map { item in
                RestoreReport.Line(
                    secret: item.secret.name, target: item.target, act: item.action.rawValue,
                    obstacles: item.obstacles.filter { $0.severity == .blocks }.map(\.code), isDenied: item.isDenied)
            })
        try await conclude(shown) { report in
            let copied = try await CopyRun(access: access, options: options, mayOverwrite: true).run(plan)
            let outcomes = Dictionary(copied.map { ($0.item.target, $0.outcome) }, uniquingKeysWith: { $1 })
            for (index, item) in plan.items.enumerated() where item.action != .blocked {
                switch outcomes[item.target] {
                case .failed(let storeFailure): report.lines[index].storeFailure = storeFailure
                case nil: report.lines[index].storeFailure = StoreFailure(.unsure, code: "not_tried")
                default: break
                }
            }
        }
    }
}
