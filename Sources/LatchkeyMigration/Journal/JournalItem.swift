package import LatchkeyCore

/// How far one secret has been moved.
package struct JournalItem: Hashable, Sendable {
    /// The steps of a copy, in their order.
    package enum State: String, Hashable, Sendable {
        /// About to be written. After a crash it is unknown whether the write took effect.
        case begun
        /// Parameter Store acknowledged the write.
        case written
        /// The value was read back and is equal.
        case verified
        case failed
        /// Examined and left in Secrets Manager because of an obstacle.
        case left
    }

    package var secret: String
    /// The name of the parameter.
    package var target: String
    package var state: State
    /// ``DigestKey/digest(_:_:)`` of the value, in hex.
    package var digest: String
    /// The version of the secret, if known.
    package var versionID: String?
    /// The version of the parameter, once it was written or read.
    package var version: Int64?
    /// A code that says why the copy failed or left the secret.
    package var reason: String?
    package var at: WallTime

    package init(
        secret: String, target: String, state: State, digest: String, versionID: String? = nil, version: Int64? = nil,
        reason: String? = nil, at: WallTime
    ) {
        self.secret = secret
        self.target = target
        self.state = state
        self.digest = digest
        self.versionID = versionID
        self.version = version
        self.reason = reason
        self.at = at
    }

    var json: JSON {
        var members: JSONObject = [
            "secret": .string(secret), "parameter": .string(target), "state": .string(state.rawValue),
            "digest": .string(digest), "at": .integer(at.milliseconds),
        ]
        members["secret_version"] = versionID.map { .string($0) }
        members["version"] = version.map { .integer($0) }
        members["reason"] = reason.map { .string($0) }
        return .object(members)
    }

    init?(_ json: JSON, at: WallTime) {
        guard let secret = json["secret"]?.string, let target = json["parameter"]?.string,
            let state = (json["state"]?.string).flatMap({ State(rawValue: $0) }), let digest = json["digest"]?.string
        else { return nil }
        self.init(
            secret: secret, target: target, state: state, digest: digest, versionID: json["secret_version"]?.string,
            version: json["version"]?.integer, reason: json["reason"]?.string, at: at)
    }
}
