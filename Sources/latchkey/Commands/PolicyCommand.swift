internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeySettings
internal import LatchkeyUpstream

/// `latchkey policy`.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Print the minimum permissions of a role, from the effective settings.",
        discussion: """
            runtime is the role of the broker; migrator is the role for migrating secrets and writing parameters. \
            Prefix, region, stores, shared tier and profiles come from the settings. Makes no calls, except with \
            --read-kept.
            """)

    enum Role: String, ExpressibleByArgument, CaseIterable { case runtime, migrator }
    enum Format: String, ExpressibleByArgument, CaseIterable { case json, terraform }

    @Option(help: "runtime or migrator.") var role = Role.runtime
    @Option(help: "json or terraform.") var format = Format.json
    @Option(
        help: ArgumentHelp(
            "The account ID. Default: that of --kms-key, or any account, or in Terraform the current one.",
            valueName: "digits"))
    var account: String?
    @Option(help: ArgumentHelp("The KMS key that encrypts the secrets.", valueName: "arn")) var kmsKey: String?
    @Flag(help: "runtime: both stores, for a fleet during its migration.") var bothStores = false
    @Flag(help: "runtime: share tokens of any profile, including profiles added later.") var anyProfile = false
    @Flag(help: "runtime: may list names, for GET /secrets and an SDK's get_parameters_by_path.") var withListing =
        false
    @Option(
        help: ArgumentHelp(
            "runtime: a secret that migrate cutover --keep leaves in Secrets Manager; may be repeated.",
            valueName: "name"))
    var kept: [String] = []
    @Flag(help: "runtime: the secrets that <prefix>/latchkey/kept lists, read with the environment's credentials.")
    var readKept = false
    @Option(help: ArgumentHelp("migrator: a Lambda function that is cut over; may be repeated.", valueName: "name"))
    var lambdaFunction: [String] = []
    @Flag(help: "migrator: may schedule and cancel deletions, for migrate cleanup.") var withCleanup = false
    @Flag(help: "migrator: may write to Secrets Manager, for migrate restore.") var withRestore = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Print the callers file that the traffic of this audit log needs, the oldest file first.",
            valueName: "file"))
    var fromUse: [String] = []
    @Option(
        help: ArgumentHelp(
            "--from-use: only lines from this time on, or of the last 24h or 30d.", valueName: "time"))
    var since: String?
    @Option(
        help: ArgumentHelp(
            "--from-use: the callers file whose credentials are kept. Default: LATCHKEY_CALLERS_FILE.",
            valueName: "file"))
    var callers: String?

    func validate() throws {
        guard since.map({ TimePoint.parse($0, now: Timing.system.now().wall) != nil }) ?? true else {
            throw ValidationError("--since \(TimePoint.rule)")
        }
        guard !fromUse.isEmpty || (since == nil && callers == nil) else {
            throw ValidationError("--since and --callers are for --from-use")
        }
        guard account.map({ AccountID($0) != nil }) ?? true else {
            throw ValidationError("--account must be twelve digits")
        }
        guard kmsKey.map({ KeyARN($0) != nil }) ?? true else {
            throw ValidationError("--kms-key must be a key's ARN, arn:aws:kms:REGION:ACCOUNT:key/ID, not an alias")
        }
        let allowed: (UInt8) -> Bool = { ASCII.isLetterOrDigit($0) || "-_".utf8.contains($0) }
        guard lambdaFunction.allSatisfy({ (1...64).contains($0.utf8.count) && $0.utf8.allSatisfy(allowed) }) else {
            throw ValidationError("--lambda-function must be a function's name: letters, digits, - and _")
        }
        guard role == .runtime || (!bothStores && !anyProfile && !withListing && kept.isEmpty && !readKept) else {
            throw ValidationError(
                "--both-stores, --any-profile, --with-listing, --kept and --read-kept are for --role runtime")
        }
        guard role == .migrator || (!withCleanup && !withRestore && lambdaFunction.isEmpty) else {
            throw ValidationError("--with-cleanup, --with-restore and --lambda-function are for --role migrator")
        }
    }

    func run() async throws {
        try await finishing {
            if !fromUse.isEmpty {
                let since = since.flatMap { TimePoint.parse($0, now: Timing.system.now().wall) }
                return try await PolicyFromUse(files: fromUse, since: since, callers: callers).run()
            }
            let settings = try CommandEnvironment.settings(need: .upstreams)
            let key = kmsKey.flatMap { KeyARN($0) }
            let place = PolicyPlace(
                region: settings.aws.region, account: account ?? key?.account ?? PolicyPlace.anyAccount,
                prefix: settings.prefix, keyARN: key?.text)
            try refuse(key, settings)
            let document = document(settings, kept: try await keptSecrets(settings))
            guard document(place).length <= PolicyDocument.maxLength else {
                throw CommandFailure(
                    .failed,
                    "the policy is longer than the \(PolicyDocument.maxLength) characters that IAM allows: use --any-profile, "
                        + "or --both-stores instead of naming kept secrets")
            }
            switch format {
            case .json: Terminal.print(document(place).text)
            case .terraform:
                Terminal.print(TerraformPolicy(role: role.rawValue, place: place, document: document).text)
            }
        }
    }

    private func refuse(_ key: KeyARN?, _ settings: Settings) throws {
        guard let key, key.region != settings.aws.region else { return }
        throw CommandFailure(
            .usage,
            "the key is in \(key.region), but the region is \(settings.aws.region): change AWS_REGION or --kms-key")
    }

    /// The names of this application's kept secrets, from the list in Parameter Store.
    private func keptSecrets(_ settings: Settings) async throws -> [String] {
        let start = "\(settings.prefix.drop { $0 == "/" })/"
        guard let foreign = kept.first(where: { !$0.utf8.starts(with: start.utf8) }) else {
            let listed = readKept ? try await Self.list(settings).names : []
            return KeptList(names: kept + listed.filter { $0.utf8.starts(with: start.utf8) }).names
        }
        throw CommandFailure(.usage, "--kept \(Table.clean(foreign)): the name must begin with the prefix, \(start)")
    }

    private static func list(_ settings: Settings) async throws -> KeptList {
        try await BackendSwitch(access: try MigrationAccess(settings), settings).kept() ?? KeptList(names: [])
    }

    private func document(_ settings: Settings, kept: [String]) -> @Sendable (PolicyPlace) -> PolicyDocument {
        let command = self
        return { place in
            switch command.role {
            case .runtime:
                var policy = RuntimePolicy(place: place, settings)
                if command.bothStores { (policy.readsParameterStore, policy.readsSecretsManager) = (true, true) }
                if command.anyProfile { policy.profiles = .any }
                policy.lists = command.withListing
                policy.kept = kept
                return policy.document
            case .migrator:
                var policy = MigratorPolicy(place: place)
                policy.functions = command.lambdaFunction
                policy.deletes = command.withCleanup
                policy.restores = command.withRestore
                return policy.document
            }
        }
    }
}
