package import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMetrics

extension WarmSecret {
    package var json: JSON {
        [
            "key": .string(key.name), "store": .string(store.tier.label),
            "value": .string(Base64.encode(fetched.value.reveal())), "binary": .bool(fetched.isBinary),
            "version": .string(fetched.version), "attributes": fetched.attributes,
            "received": .integer(received.milliseconds), "stale_ms": .integer(staleFor.clampedNanoseconds / 1_000_000),
            "used": .bool(isUsed),
        ]
    }

    /// Nil for a value that ``json`` has not made.
    package init?(_ json: JSONValue) {
        guard let key = json["key"]?.string.flatMap({ SecretKey($0) }), let label = json["store"]?.string,
            let store = SecretStore.allCases.first(where: { $0.tier.label == label }),
            let value = json["value"]?.string.flatMap({ Base64.decode($0) }), let version = json["version"]?.string,
            let attributes = json["attributes"].flatMap({ try? JSON($0) }),
            let received = json["received"]?.integer, let stale = json["stale_ms"]?.integer
        else { return nil }
        self.init(
            key: key, store: store,
            fetched: FetchedSecret(
                value: Secret(value), isBinary: json["binary"]?.bool ?? false, version: version, attributes: attributes),
            received: WallTime(milliseconds: received), staleFor: .milliseconds(stale),
            isUsed: json["used"]?.bool ?? false)
    }
}
