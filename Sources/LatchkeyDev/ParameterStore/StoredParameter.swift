internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto

/// A parameter with its history.
struct StoredParameter {
    let name: String
    let type: ParameterType
    var dataType = "text"
    var keyID: String?
    var description: String?
    var allowedPattern: String?
    var tags: [String: String] = [:]
    /// Oldest first; never empty; at most ``maxVersions``.
    private(set) var versions: [ParameterVersion]
    /// The last of `versions`.
    private(set) var latest: ParameterVersion

    /// The most versions of one parameter (PutParameter, `ParameterMaxVersionLimitExceeded`).
    static let maxVersions = 100

    init(name: String, type: ParameterType, value: Secret, tier: ParameterTier = .standard, modified: WallTime) {
        self.name = name
        self.type = type
        if type == .secureString { keyID = "alias/aws/ssm" }
        latest = ParameterVersion(number: 1, value: value, modified: modified, tier: tier)
        versions = [latest]
    }

    /// Adds a version. Drops the oldest of ``maxVersions``; throws if that version has a label.
    mutating func append(_ value: Secret, tier: ParameterTier, at now: WallTime) throws(AWSProtocolError) {
        if versions.count >= Self.maxVersions, let oldest = versions.first {
            guard oldest.labels.isEmpty else {
                throw AWSProtocolError(
                    "ParameterMaxVersionLimitExceeded",
                    "You attempted to create a new version of \(name) by calling the PutParameter API with the overwrite "
                        + "flag. Version \(oldest.number), the oldest version, can't be deleted because it has a label "
                        + "associated with it. Move the label to another version of the parameter, and try again.")
            }
            versions.removeFirst()
        }
        latest = ParameterVersion(number: latest.number + 1, value: value, modified: now, tier: tier)
        versions.append(latest)
    }

    /// The version that `selector` names, or the latest; nil if there is none.
    func version(_ selector: ParameterReference.Selector?) -> ParameterVersion? {
        switch selector {
        case nil: latest
        case .version(let number): versions.first { $0.number == number }
        case .label(let label): versions.first { $0.labels.contains(label) }
        }
    }

    /// Moves labels to a version.
    mutating func label(_ number: Int64, _ labels: [String]) {
        for index in versions.indices {
            versions[index].labels.removeAll { labels.contains($0) }
            if versions[index].number == number { versions[index].labels += labels }
        }
        if let last = versions.last { latest = last }
    }
}
