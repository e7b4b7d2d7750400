internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyUpstream

extension SecretSource {
    static func parameterStore(_ store: ParameterStore, prefix: String) -> SecretSource {
        SecretSource(store: .parameterStore, prefix: prefix) { query, name, deadline async throws(UpstreamFault) in
            do throws(AWSError) {
                switch query.shape {
                case .value, .ciphertext:
                    let parameter = try await store.get(
                        name + Self.selector(query), isDecrypted: query.shape == .value, deadline: deadline)
                    return FetchedSecret(
                        value: parameter.value, version: String(parameter.version), attributes: parameter.attributes)
                case .tree(let isDecrypted):
                    let entries = try await store.entries(path: name, isDecrypted: isDecrypted, deadline: deadline)
                    return FetchedSecret(value: Secret(JSON.array(entries).bytes()), version: "0")
                case .names:
                    let entries = try await store.entries(path: name, isDecrypted: false, deadline: deadline)
                    return .names(entries.compactMap { $0["Name"]?.string })
                case .description: throw AWSError(.invalidRequest)
                }
            } catch {
                throw UpstreamFault(error, from: .parameterStore)
            }
        }
    }

    /// The suffix for a version or label (GetParameter, `Name`); empty for neither.
    ///
    /// - Throws: `notFound` for a text that cannot be a version or label in Parameter Store, such as a stage of Secrets
    ///   Manager: no parameter has it, and the resulting name could be that of another parameter.
    private static func selector(_ query: SecretQuery) throws(AWSError) -> String {
        switch (query.version, query.label) {
        case (nil, nil): return ""
        case (let text?, nil): if let version = ParameterSelector(version: text) { return ":\(version)" }
        case (nil, let text?): if let label = ParameterSelector(label: text) { return ":\(label)" }
        case (_?, _?): break
        }
        throw AWSError(.notFound, code: "ParameterVersionNotFound")
    }

    static func secretsManager(_ store: SecretsManager, prefix: String) -> SecretSource {
        SecretSource(store: .secretsManager, prefix: prefix) { query, name, deadline async throws(UpstreamFault) in
            do throws(AWSError) {
                switch query.shape {
                case .value:
                    let secret = try await store.get(
                        name, versionID: query.version, stage: query.label, deadline: deadline)
                    return FetchedSecret(
                        value: secret.value, isBinary: secret.isBinary, version: secret.versionID,
                        attributes: secret.attributes)
                case .names:
                    let secrets = try await store.list(prefix: name + "/", deadline: deadline)
                    return .names(secrets.filter { $0.deletion == nil }.map(\.name))
                case .description:
                    let description = try await store.description(of: name, deadline: deadline)
                    return FetchedSecret(value: Secret(""), version: "0", attributes: description)
                case .ciphertext, .tree: throw AWSError(.invalidRequest)
                }
            } catch {
                throw UpstreamFault(error.ofRead, from: .secretsManager)
            }
        }
    }
}

extension AWSError {
    /// Treats a secret that is scheduled for deletion as missing, because its value cannot be read (GetSecretValue,
    /// `InvalidRequestException`).
    fileprivate var ofRead: AWSError {
        guard code == Self.invalidState else { return self }
        var error = self
        error.kind = .notFound
        return error
    }
}

extension FetchedSecret {
    fileprivate static func names(_ names: [String]) -> FetchedSecret {
        FetchedSecret(
            value: Secret(JSON.array(names.sorted { $0.precedesInBytes($1) }.map { .string($0) }).bytes()), version: "0"
        )
    }
}
