internal import LatchkeyAPI
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

// Reads for AWS clients go through the broker, and so share its cache, its single flight and its limits.

extension AWSReadStore {
    static func broker(_ secrets: SecretBroker, names: ResourceNames) -> AWSReadStore {
        AWSReadStore(
            names: names,
            storeOf: { secrets.routing?.store(of: $0) },
            cachedParameter: { read, now in
                secrets.cachedItem(read.item, now: now).map { $0.map { ParameterItem($0.entry) } }
            },
            parameter: { read, terms async throws(UpstreamFault) in
                ParameterItem(
                    try await secrets.item(read.item, for: terms.requester, deadline: terms.deadline).entry)
            },
            cachedSecret: { query, now in
                guard let store = secrets.routing?.store(of: query.key) else { return nil }
                let read = SecretRead(query, store: store, names: names)
                return secrets.cachedItem(read.item, now: now).map { $0.flatMap { read.secret($0.entry) } }
            },
            secret: { query, refresh, terms async throws(UpstreamFault) in
                let store = try await secrets.store(of: query.key, for: terms.requester, by: terms.deadline)
                let read = SecretRead(query, store: store, names: names)
                do throws(UpstreamFault) {
                    let served = try await secrets.item(
                        read.item, demand: refresh ? .forced : .cached, for: terms.requester,
                        deadline: terms.deadline)
                    var secret = try read.secret(served.entry).get()
                    secret.refreshError = served.refreshError
                    return secret
                } catch {
                    throw store == .parameterStore ? secrets.hidingUncertainAbsence(error) : error
                }
            },
            description: { query, terms async throws(UpstreamFault) in
                guard
                    try await secrets.store(of: query.key, for: terms.requester, by: terms.deadline)
                        == .secretsManager
                else { return nil }
                let item = SecretQuery(query.key, store: .secretsManager, shape: .description)
                return try await secrets.item(item, for: terms.requester, deadline: terms.deadline).entry.attributes
            },
            listing: { read, terms async throws(UpstreamFault) in
                guard let key = names.key(ofPath: read.path) else { throw UpstreamFault(.notFound) }
                let item = SecretQuery(key, store: .parameterStore, shape: .tree(isDecrypted: read.isDecrypted))
                let entry = try await secrets.item(item, for: terms.requester, deadline: terms.deadline).entry
                let all = (try? JSON(parsing: entry.value.reveal(), limits: .ownFile))?.array ?? []
                return all.map { ParameterItem($0) }.filter { read.isRecursive || read.isDirectlyBelow($0.name) }
            })
    }
}

extension ParameterRead {
    /// Reads from Parameter Store, whichever store is in force.
    fileprivate var item: SecretQuery {
        var item = query
        item.store = .parameterStore
        item.shape = isDecrypted ? .value : .ciphertext
        return item
    }
}

extension PathRead {
    fileprivate func isDirectlyBelow(_ name: String) -> Bool {
        !name.utf8.dropFirst(path.utf8.count + 1).contains(UInt8(ascii: "/"))
    }
}

/// A read of a secret from the store in force.
private struct SecretRead {
    let query: SecretQuery
    let store: SecretStore
    let names: ResourceNames
    /// The query for the broker.
    let item: SecretQuery

    init(_ query: SecretQuery, store: SecretStore, names: ResourceNames) {
        self.query = query
        self.store = store
        self.names = names
        var item = query
        item.store = store
        if store == .parameterStore {
            // Parameter versions have no ids and the current one has no stage. Another stage is a label of that name.
            item.version = nil
            if item.label == ParameterAsSecret.current { item.label = nil }
        }
        self.item = item
    }

    func secret(_ entry: SecretEntry) -> Result<SecretItem, UpstreamFault> {
        guard store == .parameterStore else { return .success(SecretItem(entry)) }
        let secret = ParameterAsSecret(
            parameter: ParameterItem(entry), name: names.secret(query.key),
            stage: query.label ?? ParameterAsSecret.current
        ).item
        guard query.version == nil || query.version == secret.versionID else {
            return .failure(UpstreamFault(.notFound, upstream: .parameterStore))
        }
        return .success(secret)
    }
}

extension ParameterItem {
    /// - Parameter json: the API shape `Parameter`, with its value.
    fileprivate init(_ json: JSON) { self.init(json, value: Secret(json["Value"]?.string ?? "")) }

    fileprivate init(_ entry: SecretEntry) { self.init(entry.attributes, value: entry.value) }

    private init(_ json: JSON, value: Secret) {
        self.init(
            name: json["Name"]?.string ?? "", type: json["Type"]?.string ?? "", value: value,
            version: json["Version"]?.integer ?? 0, arn: json["ARN"]?.string ?? "",
            lastModified: json["LastModifiedDate"].flatMap { $0.double == nil ? nil : $0 },
            dataType: json["DataType"]?.string ?? "text")
    }
}

extension SecretItem {
    fileprivate init(_ entry: SecretEntry) {
        let json = entry.attributes
        self.init(
            name: json["Name"]?.string ?? "", arn: json["ARN"]?.string ?? "", value: entry.value,
            isBinary: entry.isBinary, versionID: json["VersionId"]?.string ?? entry.version,
            stages: (json["VersionStages"]?.array ?? []).compactMap(\.string), created: json["CreatedDate"]?.double)
    }
}

extension ResourceNames {
    /// The names below the configured prefix, in the configured region.
    init(_ settings: Settings) {
        let region = settings.aws.region
        self.init(prefix: settings.prefix, region: region, partition: AWSPartition(region: region).name)
    }
}
