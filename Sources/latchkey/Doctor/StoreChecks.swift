internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeySettings
internal import LatchkeyUpstream

/// What the broker does with Secrets Manager.
struct SecretsManagerCheck {
    let store: SecretsManager
    let settings: Settings
    let place: PolicyPlace
    let patience: Duration

    private var name: String { "\(settings.prefix.dropFirst())/secrets" }

    func run() async -> [Finding] { await value() + [await description()] + (await listing()) }

    private func value() async -> [Finding] {
        let action = "secretsmanager:GetSecretValue"
        do throws(AWSError) {
            let secret = try await store.get(name, deadline: .current + patience)
            let shape = BlobShape(name: name, value: secret.value, wanted: settings.wantedOfBlob)
            return [.fine(.permission, action, "allowed on \(name)")] + shape.findings
        } catch {
            guard error.kind != .notFound else {
                return [.fine(.permission, action, "allowed on \(name)"), settings.missingBlob(name)]
            }
            return [AWSTrouble(action: action, resource: place.secret("secrets")).finding(error)]
        }
    }

    /// What an SDK asks of the broker by DescribeSecret is asked of the store.
    private func description() async -> Finding {
        let action = "secretsmanager:DescribeSecret"
        do throws(AWSError) {
            _ = try await store.description(of: name, deadline: .current + patience)
        } catch {
            guard error.kind == .notFound else {
                return AWSTrouble(action: action, resource: place.secret("secrets")).finding(error)
            }
        }
        return .fine(.permission, action, "allowed on \(name)")
    }

    /// A choice, with a price either way: neither is wrong. Nothing is said where nobody answers.
    private func listing() async -> [Finding] {
        let action = "secretsmanager:ListSecrets"
        do throws(AWSError) {
            try await store.probeList(deadline: .current + patience)
        } catch {
            return error.kind == .denied ? [.unlisted(action)] : []
        }
        return [
            .fine(
                .permission, action,
                "allowed: GET /secrets is answered, and these credentials see the names of every secret of the region")
        ]
    }
}

extension Finding {
    /// An action of those that list, which a role need not have.
    static func unlisted(_ action: String) -> Finding {
        .fine(
            .permission, action,
            "not allowed, so that GET /secrets and get_parameters_by_path are refused; latchkey policy --with-listing "
                + "opens them")
    }
}

/// What the broker does with the DynamoDB table that a fleet shares its tokens in.
struct TableCheck {
    let client: AWSClient
    let table: String
    let settings: Settings
    let place: PolicyPlace
    let patience: Duration

    func run() async -> [Finding] {
        let store = DynamoDB(client, table: table)
        let key = (name: TokenItem.key, value: TokenItem(prefix: settings.prefix, profile: "default").path)
        var findings: [Finding] = []
        do throws(AWSError) {
            let view = TokenItem.view(of: try await store.item(key, deadline: .current + patience))
            findings.append(.fine(.permission, "dynamodb:GetItem", "allowed on \(table)"))
            findings.append(
                PairShape(name: "\(table) \(key.value)", token: view.pair?.token, expires: view.pair?.expires)
                    .finding(now: TimeSource.system.now()))
        } catch {
            findings.append(finding("dynamodb:GetItem", error))
        }
        do throws(AWSError) {
            try await store.probeUpdate(key, deadline: .current + patience)
            findings.append(.fine(.permission, "dynamodb:UpdateItem", "allowed on \(table)"))
        } catch {
            findings.append(finding("dynamodb:UpdateItem", error))
        }
        return findings
    }

    private func finding(_ action: String, _ error: AWSError) -> Finding {
        guard error.kind == .notFound else {
            return AWSTrouble(action: action, resource: place.table(table)).finding(error)
        }
        return .problem(
            .configuration, .settings, SettingName.sharedTier.rawValue,
            "there is no table \(table) in this account and region",
            remedy: "make it (deploy/terraform, token_table), or check its name and AWS_REGION")
    }
}

extension Settings {
    /// The fields that the default profile takes from the blob, since no setting has them.
    var wantedOfBlob: [String] {
        guard let profile = profiles.first, profile.kind == .auth0 else { return [] }
        var names: [SettingName] = []
        if profile.endpoint == nil, tokenEndpoint == nil { names.append(.auth0Domain) }
        if profile.clientID == nil { names.append(.auth0ClientID) }
        if profile.clientSecret == nil { names.append(.auth0ClientSecret) }
        if profile.audience == .setting { names.append(.auth0Audience) }
        return names.filter { sources.given[$0] == nil }.map(\.rawValue)
    }

    /// Without a blob keys are looked for as parameters of their own, which is well as long as nothing is wanted of it.
    func missingBlob(_ name: String) -> Finding {
        let wanted = wantedOfBlob
        guard !wanted.isEmpty else {
            return .fine(.blob, name, "not there: each key is a parameter or secret of its own")
        }
        guard backend == .parameterStore || backend == .secretsManager else {
            return .warning(
                .blob, name, "is not there, and brokers of backend \(backend.rawValue) read both stores",
                remedy:
                    "before a move that is so; else latchkey migrate copy --filter-prefix \(prefix.dropFirst())/ "
                    + "writes what is not there yet")
        }
        return .problem(
            .configuration, .blob, name, "is not there, and \(wanted.joined(separator: ", ")) are to come from it",
            remedy: "write it: latchkey put secrets --file blob.json; or check LATCHKEY_PREFIX and AWS_REGION")
    }
}
