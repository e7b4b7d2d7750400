package import LatchkeyBroker
package import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics
package import LatchkeyUpstream

/// A profile's item in a DynamoDB table: the pair in one piece, so that it is never torn, and the lease beside it.
///
/// | attribute | type | |
/// | --- | --- | --- |
/// | `profile` | S, partition key | the path that the profile's parameters would have |
/// | `token`, `expires` | S, N | as the parameter pair's |
/// | `version` | N | of the token: greater by one after each write of it |
/// | `lease`, `lease_version` | S, N | as the lease parameter and its version |
/// | `ttl` | N | seconds since the epoch after which DynamoDB may delete the item |
package struct TokenItem: Sendable {
    /// The table's partition key.
    package static let key = "profile"
    /// How long an item is kept after its token has expired. Much longer than any lease, so that the deletion only
    /// removes garbage.
    package static let outlives: Duration = .seconds(86_400)

    /// The value of the partition key.
    package let path: String

    package init(prefix: String, profile: String) {
        path = TokenParameters.path(prefix: prefix, profile: profile)
    }

    /// The snapshot of an item; nil means that the item does not exist.
    package static func view(of item: [String: DynamoDB.Value]?) -> SharedTokenSnapshot {
        var view = SharedTokenSnapshot(version: OutsideNumber.version(item?["version"]?.number) ?? 0)
        if let found = item?["lease_version"] {
            // Lease versions start at 1.
            if let version = OutsideNumber.version(found.number), version > 0 {
                view.lease = item?["lease"]?.string?.revealText().flatMap { Lease($0) }
                view.leaseVersion = version
            } else {
                view.unreadableLease = found.json
            }
        }
        if let token = item?["token"]?.string {
            view.pair = StoredToken(token: token, expires: item?["expires"]?.number.map(String.init) ?? "")
        }
        return view
    }

    /// Writes token and expiry in one step, on the conditions of ``StoredToken/writeConditions``, so that a delayed write
    /// never replaces a newer token.
    package static func write(_ stored: StoredToken) -> DynamoDB.Update {
        let expires = Int64(stored.expires) ?? 0
        let conditions = stored.writeConditions
        var update = DynamoDB.Update(
            "SET #token = :token, #expires = :expires, #ttl = :ttl ADD #version :one",
            if: conditions.map(\.expression).joined(separator: " OR "),
            names: ["token", "expires", "version", "ttl"],
            values: [
                ":token": .string(stored.token), ":expires": .number(expires), ":one": .number(1),
                ":ttl": .number((WallTime(milliseconds: expires) + outlives).seconds),
            ])
        for condition in conditions { update.values.merge(condition.values) { $1 } }
        return update
    }

    /// Writes the lease unless somebody has written one since `seen` was read.
    package static func claim(_ lease: Lease, seen: SharedTokenSnapshot) -> DynamoDB.Update {
        let claim = LeaseClaim(lease, seen: seen)
        var update = DynamoDB.Update(
            "SET #lease = :lease, #ttl = if_not_exists(#ttl, :ttl) ADD #lease_version :one",
            if: claim.condition.expression, names: ["lease", "lease_version", "ttl"],
            values: [
                ":lease": .text(lease.text), ":one": .number(1),
                ":ttl": .number((lease.until + outlives).seconds),
            ])
        if claim.restartsVersions {
            // The stored version is not a valid number, so versions start again at 1.
            update.expression = "SET #lease = :lease, #ttl = if_not_exists(#ttl, :ttl), #lease_version = :one"
        }
        update.values.merge(claim.condition.values) { $1 }
        return update
    }
}

extension WriteCondition {
    /// The condition expression (DynamoDB Developer Guide, "Condition expressions").
    fileprivate var expression: String {
        switch self {
        case .noToken: "attribute_not_exists(#version)"
        case .tokenVersion: "#version = :after"
        case .tokenExpiresBefore: "#expires < :expires"
        case .noLease: "attribute_not_exists(#lease_version)"
        case .leaseVersion, .unreadableLease: "#lease_version = :seen"
        }
    }

    /// The values of the expression.
    fileprivate var values: [String: DynamoDB.Value] {
        switch self {
        case .noToken, .noLease: [:]
        case .tokenVersion(let version): [":after": .number(version)]
        case .tokenExpiresBefore(let time): [":expires": .number(time)]
        case .leaseVersion(let version): [":seen": .number(version)]
        case .unreadableLease(let value): [":seen": .other(value)]
        }
    }
}

extension SharedTier {
    /// Shares tokens in `table`, one item per profile (`LATCHKEY_SHARED_TIER=dynamodb:<table>`).
    package static func dynamodb(_ client: AWSClient, table: String, prefix: String, time: Timing) -> SharedTier {
        let store = DynamoDB(client, table: table)
        @Sendable func key(_ profile: String) -> (name: String, value: String) {
            (TokenItem.key, TokenItem(prefix: prefix, profile: profile).path)
        }
        return SharedTier(tier: .dynamodb) { profile, deadline async throws(UpstreamFault) in
            do throws(AWSError) {
                var view = TokenItem.view(of: try await store.item(key(profile), deadline: deadline))
                view.clock = store.clock
                return view
            } catch {
                throw UpstreamFault(error, ofTable: table)
            }
        } write: { profile, stored, deadline async throws(UpstreamFault) in
            do throws(AWSError) {
                try await store.update(
                    key(profile), TokenItem.write(stored.dated(by: store.clock, time.now())), deadline: deadline)
            } catch  where error.kind == .conditionFailed {
                // A newer token is stored, or this one: the response to the first attempt may have been lost.
                return
            } catch {
                throw UpstreamFault(error, ofTable: table)
            }
        } claim: { profile, lease, seen, deadline async throws(UpstreamFault) in
            do throws(AWSError) {
                try await store.update(
                    key(profile), TokenItem.claim(lease, seen: seen), isRetried: false, deadline: deadline)
                return true
            } catch  where error.kind == .conditionFailed {
                return false
            } catch {
                throw UpstreamFault(error, ofTable: table)
            }
        }
    }
}

extension UpstreamFault {
    /// A missing table is a configuration error, so the fault names it.
    fileprivate init(_ error: AWSError, ofTable table: String) {
        self.init(error, from: .dynamodb)
        guard error.kind == .notFound else { return }
        self.init(
            .notReady, upstream: .dynamodb, code: error.code,
            subject: "LATCHKEY_SHARED_TIER: there is no table \(table) in this account and region")
    }
}
