package import LatchkeyCore
internal import LatchkeyCrypto

extension SecretBroker {
    /// The names that callers may request, sorted.
    package struct Names: Sendable {
        package let names: [String]
        package let isStale: Bool
        /// Why the names are not as new as demanded.
        package var refreshError: UpstreamFault?
    }

    /// Lists the secrets of the store in force: the fields of the blob, and every other item below the prefix. No value
    /// except the blob is read.
    package func names(
        demand: SecretDemand = .cached, for requester: Requester? = nil, deadline: MonotonicTime
    ) async throws(UpstreamFault) -> Names {
        let listing = try await item(
            SecretQuery(.root, shape: .names), demand: demand, for: requester, deadline: deadline)
        let source = sources.first { $0.store.tier == listing.entry.source }
        let listed = (try? JSON(parsing: listing.entry.value.reveal(), limits: .ownFile))?.array ?? []
        var names = Set(listed.compactMap { $0.string.flatMap { source?.key(of: $0) }.map { ExactText($0.name) } })
        var isStale = listing.isStale
        var refreshError = listing.refreshError
        names.formUnion(await keptNames(demand, requester, deadline: deadline))
        if names.remove(ExactText(SecretKey.blob.name)) != nil {
            do throws(UpstreamFault) {
                let blob = try await fieldNames(demand, requester, deadline: deadline)
                names.formUnion(blob.names.map { ExactText($0) })
                isStale = isStale || blob.isStale
                refreshError = refreshError ?? blob.refreshError
            } catch  where error.reason == .notFound {
                // The blob was deleted between the two reads.
            }
        }
        return Names(names: names.sorted().map(\.text), isStale: isStale, refreshError: refreshError)
    }

    /// The secrets that stay in Secrets Manager while the backend is Parameter Store.
    ///
    /// Secrets that Secrets Manager does not list are left out: they are scheduled for deletion. If it cannot list any,
    /// all of them are returned.
    private func keptNames(
        _ demand: SecretDemand, _ requester: Requester?, deadline: MonotonicTime
    ) async -> Set<ExactText> {
        guard let routing, routing.backend.store == .parameterStore, !routing.kept.isEmpty else { return [] }
        let listing = try? await item(
            SecretQuery(.root, store: .secretsManager, shape: .names), demand: demand, for: requester,
            deadline: deadline)
        let listed = (listing.flatMap { try? JSON(parsing: $0.entry.value.reveal(), limits: .ownFile) })?.array
        let present = listed.map { keys(ofSecrets: $0.compactMap(\.string)) }
        return Set(routing.kept.filter { present?.contains($0) ?? true }.map { ExactText($0.name) })
    }

    /// The names of the blob's fields, except an empty one, which is not a key.
    private func fieldNames(
        _ demand: SecretDemand, _ requester: Requester?, deadline: MonotonicTime
    ) async throws(UpstreamFault) -> Names {
        let query = SecretQuery(.blob, store: store)
        let blob = try await withCheckedContinuation { continuation in
            read(query, demand, for: requester, deadline: deadline) { continuation.resume(returning: $0) }
        }.get()
        let names = blob.record.fields.keys.map(\.text).filter { SecretKey(requested: $0) != nil }
        return Names(names: names, isStale: blob.isStale(time.now()), refreshError: blob.fault)
    }
}
