internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyUpstream

/// Restores secrets of a backup to Secrets Manager.
struct SecretRestore: Sendable {
    /// Reads back what was written up to six times; with the pauses this takes about 6 s.
    private static let maxChecks = 6

    let access: MigrationAccess
    /// Derives version ids, so that writing the same backup again is the same request.
    let key: DigestKey

    /// The changes, in the order of `secrets`.
    func plan(_ secrets: [SourceSecret]) async throws -> [RestoreItem] {
        try await MigrationAccess.each(secrets) { secret in
            RestoreItem(secret, current: try await self.current(secret.name))
        }
    }

    /// Carries out a change and reads it back; nil on success.
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
            // A version with this id exists but is no longer current. A new id makes the value current again.
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

    /// The current value; nil if there is none.
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
            if look > 0 { await Timing.systemSleep(.current + .milliseconds(100 << look)) }
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
