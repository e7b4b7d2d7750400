internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMigration
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// Determines the state of a move. Writes nothing and reads no secret's value, so that the last-accessed dates do not
/// change.
struct StatusRun {
    let access: MigrationAccess
    let selection: Selection
    let journal: Journal
    let settings: Settings
    let minDays: Int
    /// Whether to ask the broker at `LATCHKEY_URL`, if it is set, for its metrics.
    var asksBroker = true

    /// The state of the move and the denied IAM actions.
    func run() async throws -> (status: MoveStatus, denied: [String]) {
        let (secrets, map) = try await InventoryReader(access: access, selection: selection).describeSecrets()
        let planner = Planner(map: map)
        let targets = secrets.map { planner.target(for: $0.name) }
        let names = Set(targets).filter {
            ParameterName.isUsable($0, arnPrefix: Inventory(secrets: []).parameterARNPrefix)
        }
        let backendSwitch = BackendSwitch.parameter(settings)
        let list = BackendParameters.kept(below: settings.prefix)
        let found = try await ParameterReader(access: access).read(names.sorted() + [backendSwitch, list])
        let text = { (name: String) in found.parameters.first { $0.name == name }?.value.revealText() }
        // The account, determined as a cut-over does.
        let place = try await access.place(journal, settings)
        let status = MoveStatus(
            secrets: Array(zip(secrets, targets)),
            versions: Dictionary(found.parameters.map { ($0.name, $0.version) }, uniquingKeysWith: { $1 }),
            refused: Set(found.denied.keys), journal: journal, fleet: place,
            backend: text(backendSwitch).flatMap { FleetBackend(rawValue: $0) },
            kept: text(list).flatMap { KeptList($0) } ?? KeptList(names: []), counters: try await figures(),
            backup: backup, now: Timing.system.now().wall, minDays: minDays)
        return (status, Set(secrets.flatMap(\.denied) + found.denied.values).sorted())
    }

    private func figures() async throws -> BrokerCounters? {
        guard asksBroker, settings.url != nil else { return nil }
        let answer = try await BrokerConnection(settings).require("/metrics", accept: "text/plain; version=0.0.4")
        return try BrokerMetrics(answer.body).figures
    }

    /// The backup that the journal names, if its manifest's digest matches.
    private var backup: BackupManifest? {
        guard let path = journal.last("backup")?.details["file"] else { return nil }
        return (try? BackupFile(path: path).manifest()) ?? nil
    }
}

extension BrokerMetrics {
    /// Routes on which callers get tokens and secrets, without probes and scrapes.
    private static let routes = [
        "token", "token_profile", "secret", "secrets", "oauth_token", "aws", "extension_parameters",
        "extension_secrets",
    ]

    var figures: BrokerCounters {
        var figures = BrokerCounters()
        figures.sharedTokens = hits("token", ["parameter_store", "dynamodb"])
        figures.tokenAnswers =
            figures.sharedTokens + hits("token", ["memory", "auth0", "oauth2"])
            + count("latchkey_tier_requests_total", ["resource": "token", "outcome": "stale"])
        figures.issuerCalls = count("latchkey_upstream_requests_total", ["operation": "issue_token"])
        figures.readsOfParameterStore = hits("secret", ["parameter_store"])
        figures.readsOfSecretsManager = hits("secret", ["secrets_manager"])
        figures.secondsOfSecret = mean("secret", ["parameter_store", "secrets_manager"])
        figures.secondsOfSharedToken = mean("token", ["parameter_store", "dynamodb"])
        for route in Self.routes {
            figures.answers += count("latchkey_http_requests_total", ["route": route])
            figures.errors += ["500", "502", "503", "504"].reduce(0) {
                $0 + count("latchkey_http_requests_total", ["route": route, "code": $1])
            }
        }
        return figures
    }

    private func hits(_ resource: String, _ tiers: [String]) -> Int {
        tiers.reduce(0) {
            $0 + count("latchkey_tier_requests_total", ["resource": resource, "tier": $1, "outcome": "hit"])
        }
    }

    /// Mean duration of a call to these tiers in seconds.
    private func mean(_ resource: String, _ tiers: [String]) -> Double? {
        var (seconds, calls) = (0.0, 0.0)
        for tier in tiers {
            let labels = ["resource": resource, "tier": tier]
            seconds += sum("latchkey_tier_request_duration_seconds_sum", labels)
            calls += sum("latchkey_tier_request_duration_seconds_count", labels)
        }
        return calls > 0 ? seconds / calls : nil
    }
}
