internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto

/// A parameter presented as a secret, for applications that still ask Secrets Manager for secrets that have moved to
/// Parameter Store.
///
/// Parameter Store has no version ids and no random ARN suffix. Both are digests of the name and the version, so that
/// every broker always gives the same ones.
package struct ParameterAsSecret {
    package let parameter: ParameterItem
    package let name: String
    package let stage: String

    package init(
        parameter: ParameterItem,
        name: String,
        stage: String
    ) {
        self.parameter = parameter
        self.name = name
        self.stage = stage
    }

    package var item: SecretItem {
        var item = SecretItem(
            name: name, arn: arn, value: parameter.value, isBinary: false, versionID: versionID,
            stages: [stage], created: parameter.lastModified?.double)
        item.isParameter = true
        return item
    }

    /// The stage of the current version (Secrets Manager User Guide, "Secret versions").
    package static let current = "AWSCURRENT"

    /// Has the form of a UUID, like the ids of Secrets Manager.
    package var versionID: String {
        let hex = SHA256.hash("\(name)\n\(parameter.version)").hex
        let cuts = [0, 8, 12, 16, 20, 32]
        return zip(cuts, cuts.dropFirst()).map { String(hex.dropFirst($0).prefix($1 - $0)) }.joined(separator: "-")
    }

    /// Partition, region and account come from the parameter's ARN.
    private var arn: String {
        let parts = parameter.arn.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { Substring($0) }
        let place = parts.count > 4 ? (parts[1], parts[3], parts[4]) : ("aws", "", "")
        return "arn:\(place.0):secretsmanager:\(place.1):\(place.2):secret:\(name)-\(SHA256.hash(name).hex.prefix(6))"
    }
}
