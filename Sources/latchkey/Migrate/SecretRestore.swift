internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyUpstream

/// Puts secrets of a backup back into Secrets Manager.
struct SecretRestore: Sendable {
    /// Reads of what was written, until it shows: with the pauses between, about 6 s.
    private static let maxChecks = 6

    let access: MigrationAccess
    /// For the ids of versions: the same backup written again is the same request again.
    let key: DigestKey

    /// What would be done, in the order of `secrets`.
    func plan(_ secrets: [SourceSecret]) async throws -> [RestoreItem] {
        try await MigrationAccess.each(secrets) { secret in
            RestoreItem(secret, current: try await self.current(secret.name))
        }
    }

    /// Does it, and reads back what was written; nil where all is well.
    func carryOut(_ item: RestoreItem) async -> StoreFailure? {
        guard let value = item.secret.value else { return StoreFailure(.refused, code: "no_value") }
        do throws(AWSError) {
            switch item.action {
            case .nothing: return nil
            case .blocked: return StoreFailure(.refused, code: "no_value")
            case .create: try await access.secretsManager.create(write(item, value), deadline: access.deadline)
            case .replace: try await access.secretsManager.put(write(item, value), deadline: access.deadline)
            case .undelete:
                try await access.secretsManager.restore(item.secret.name, deadline: access.deadline)
                if try await shows(item.secret.name, value, looks: 1) { return nil }
                try await access.secretsManager.put(write(item, value), deadline: access.deadline)
            }
            if try await shows(item.secret.name, value, looks: Self.maxChecks) { return nil }
            // The version was there before, under this very id, and is the current one no more: a new id makes it so.
            try await access.secretsManager.put(write(item, value, isNew: true), deadline: access.deadline)
            return try await shows(item.secret.name, value, looks: Self.maxChecks)
                ? nil : StoreFailure(.unsure, code: "not_seen")
        } catch {
            return StoreFailure(error)
        }
    }

    private func current(_ name: String) async throws -> SourceSecret? {
        do throws(AWSError) {
            var secret = SourceSecret(try await access.secretsManager.describe(name, deadline: access.deadline))
            guard secret.deletion == nil else { return secret }
            secret.value = try await value(name)
            return secret
        } catch {
            if error.kind == .notFound { return nil }
            throw CommandFailure(error, action: "secretsmanager:DescribeSecret")
        }
    }

    /// The current value; nil where there is none.
    private func value(_ name: String) async throws(AWSError) -> StoredValue? {
        do throws(AWSError) {
            let version = try await access.secretsManager.get(name, deadline: access.deadline)
            return version.isBinary ? .binary(version.value) : .text(version.value)
        } catch {
            if error.kind == .notFound || error.kind == .invalidRequest { return nil }
            throw error
        }
    }

    private func shows(_ name: String, _ value: StoredValue, looks: Int) async throws(AWSError) -> Bool {
        for look in 0..<looks {
            if look > 0 { await TimeSource.systemSleep(.current + .milliseconds(100 << look)) }
            if let found = try await self.value(name), RestoreItem.isSame(found, value) { return true }
        }
        return false
    }

    private func write(_ item: RestoreItem, _ value: StoredValue, isNew: Bool = false) -> SecretWrite {
        var write = SecretWrite(
            name: item.secret.name, value: value.secret, isBinary: value.isBinary,
            token: isNew ? Random.uuid() : key.digest(item.secret.name, value.secret).hex)
        write.description = item.secret.description
        write.keyID = item.secret.keyID
        write.tags = item.secret.tags.filter { !$0.isReserved }.map { ($0.key, $0.value) }
        return write
    }
}
