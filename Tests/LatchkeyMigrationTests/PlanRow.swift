import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMigration
import Testing

/// One row of `Fixtures/migration/plan.json`: a secret, the existing parameter, and the expected plan.
struct PlanRow: CustomTestStringConvertible, Sendable {
    let json: JSON

    var testDescription: String { json["case"]?.string ?? "" }

    var secret: SourceSecret {
        let row = json["secret"]
        var secret = SourceSecret(name: row?["name"]?.string ?? "")
        secret.exists = row?["exists"]?.bool ?? true
        secret.deletion = row?["deletion"]?.integer.map { WallTime(milliseconds: $0) }
        secret.owningService = row?["owner"]?.string
        secret.rotates = row?["rotates"]?.bool ?? false
        secret.replicas = row?["replicas"]?.array?.compactMap(\.string) ?? []
        secret.primaryRegion = row?["primary"]?.string
        secret.hasResourcePolicy = row?["policy"]?.bool ?? false
        secret.keyID = row?["key"]?.string
        secret.description = row?["descriptionLength"]?.integer.map { String(repeating: "d", count: Int($0)) }
        secret.tags = (row?["tags"]?.object ?? [:]).map { ResourceTag(key: $0.key, value: $0.value.string ?? "") }
        secret.denied = row?["denied"]?.array?.compactMap(\.string) ?? []
        secret.value = value(row)
        return secret
    }

    private func value(_ row: JSON?) -> StoredValue? {
        if let text = row?["text"]?.string { return .text(Secret(text)) }
        if let hex = row?["binary"]?.string { return Hex.decode(hex).map { .binary(Secret($0)) } }
        let unit = row?["repeat"]?.string ?? "x"
        return row?["length"]?.integer.map { .text(Secret(String(repeating: unit, count: Int($0)))) }
    }

    var target: String {
        if let length = json["mapLength"]?.integer { return "/" + String(repeating: "n", count: Int(length)) }
        return json["map"]?.string ?? ParameterName.defaultName(for: secret.name)
    }

    var inventory: Inventory {
        var inventory = Inventory(secrets: [secret])
        if let row = json["existing"], let value = value(row) {
            inventory.parameters[target] = ExistingParameter(
                kind: row["kind"]?.string.flatMap { ParameterKind(rawValue: $0) } ?? .secureString, value: value,
                version: 3, tier: row["tier"]?.string.flatMap { ParameterTier(rawValue: $0) },
                keyID: row["key"]?.string)
        }
        if let denied = json["denied"]?.array?.compactMap(\.string) { inventory.deniedParameters[target] = Set(denied) }
        return inventory
    }

    var options: MoveOptions {
        var options = MoveOptions()
        let row = json["options"]
        if let tier = row?["tier"]?.string.flatMap({ ParameterTierChoice(rawValue: $0) }) { options.tier = tier }
        if let kind = row?["kind"]?.string.flatMap({ ParameterKind(rawValue: $0) }) { options.kind = kind }
        if row?["key"]?.string == "same" { options.key = .sameAsSecret }
        return options
    }
}
