internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// Checks the broker's use of the DynamoDB table in which a fleet shares its tokens.
struct TableCheck {
    let client: AWSClient
    let table: String
    let settings: Settings
    let place: PolicyPlace
    let timeout: Duration

    func run() async -> [Finding] {
        let store = DynamoDB(client, table: table)
        let key = (name: TokenItem.key, value: TokenItem(prefix: settings.prefix, profile: "default").path)
        var findings: [Finding] = []
        do throws(AWSError) {
            let view = TokenItem.view(of: try await store.item(key, deadline: .current + timeout))
            findings.append(.fine(.permission, "dynamodb:GetItem", "allowed on \(table)"))
            findings.append(
                PairShape(name: "\(table) \(key.value)", token: view.pair?.token, expires: view.pair?.expires)
                    .finding(now: Timing.system.now(), buffer: ExpiryBuffer(settings.tokenExpiryBuffer)))
        } catch {
            findings.append(finding("dynamodb:GetItem", error))
        }
        do throws(AWSError) {
            try await store.probeUpdateItem(key, deadline: .current + timeout)
            findings.append(.fine(.permission, "dynamodb:UpdateItem", "allowed on \(table)"))
        } catch {
            findings.append(finding("dynamodb:UpdateItem", error))
        }
        return findings
    }

    private func finding(_ action: String, _ error: AWSError) -> Finding {
        guard error.kind == .notFound else {
            return AWSErrorFinding(action: action, resource: place.table(table)).finding(error)
        }
        return .problem(
            exit: .configuration, .settings, SettingName.sharedTier.rawValue,
            "there is no table \(table) in this account and region",
            remedy: "make it (deploy/terraform, token_table), or check its name and AWS_REGION")
    }
}
