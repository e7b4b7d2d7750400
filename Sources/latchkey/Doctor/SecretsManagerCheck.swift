internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeySettings
internal import LatchkeyUpstream

/// Checks the broker's use of Secrets Manager.
struct SecretsManagerCheck {
    let store: SecretsManager
    let settings: Settings
    let place: PolicyPlace
    let timeout: Duration

    private var name: String { "\(settings.prefix.dropFirst())/secrets" }

    func run() async -> [Finding] { await value() + [await description()] + (await listing()) }

    private func value() async -> [Finding] {
        let action = "secretsmanager:GetSecretValue"
        do throws(AWSError) {
            let secret = try await store.get(name, deadline: .current + timeout)
            let shape = BlobShape(name: name, value: secret.value, wanted: settings.fieldsNeededFromBlob)
            return [.fine(.permission, action, "allowed on \(name)")] + shape.findings
        } catch {
            guard error.kind != .notFound else {
                return [.fine(.permission, action, "allowed on \(name)"), settings.missingBlob(name)]
            }
            return [AWSErrorFinding(action: action, resource: place.secret("secrets")).finding(error)]
        }
    }

    /// DescribeSecret of an SDK is forwarded to the store.
    private func description() async -> Finding {
        let action = "secretsmanager:DescribeSecret"
        do throws(AWSError) {
            _ = try await store.description(of: name, deadline: .current + timeout)
        } catch {
            guard error.kind == .notFound else {
                return AWSErrorFinding(action: action, resource: place.secret("secrets")).finding(error)
            }
        }
        return .fine(.permission, action, "allowed on \(name)")
    }

    /// Listing is optional, and either choice is valid. Reports nothing if the store does not answer.
    private func listing() async -> [Finding] {
        let action = "secretsmanager:ListSecrets"
        do throws(AWSError) {
            try await store.probeList(deadline: .current + timeout)
        } catch {
            return error.kind == .denied ? [.unlisted(action)] : []
        }
        return [
            .fine(
                .permission, action,
                "allowed: GET /secrets is answered, and these credentials can list the names of all secrets of the region"
            )
        ]
    }
}
