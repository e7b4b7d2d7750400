internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto

/// The three kinds of parameter.
enum ParameterType: String {
    case string = "String"
    case stringList = "StringList"
    case secureString = "SecureString"
}

/// One version of a parameter.
struct ParameterVersion {
    let number: Int64
    let value: Secret
    let modified: WallTime
    let tier: ParameterTier
    var labels: [String] = []
}

/// A parameter with its history.
struct StoredParameter {
    let name: String
    let type: ParameterType
    var dataType: String
    var keyID: String?
    var description: String?
    var allowedPattern: String?
    var tags: [String: String] = [:]
    /// Oldest first, never empty, at most ``mostVersions``.
    private(set) var versions: [ParameterVersion]
    /// The newest, which is also the last of `versions`.
    private(set) var latest: ParameterVersion

    static let mostVersions = 100

    init(
        name: String, type: ParameterType, dataType: String, value: Secret, tier: ParameterTier, modified: WallTime
    ) {
        self.name = name
        self.type = type
        self.dataType = dataType
        latest = ParameterVersion(number: 1, value: value, modified: modified, tier: tier)
        versions = [latest]
    }

    /// Adds a version; the oldest of a hundred makes room unless a label holds it.
    mutating func append(_ value: Secret, tier: ParameterTier, at now: WallTime) throws(AWSFault) {
        if versions.count >= Self.mostVersions, let oldest = versions.first {
            guard oldest.labels.isEmpty else {
                throw AWSFault(
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

    /// The version a selector names, or nil.
    func version(_ selector: ParameterReference.Selector?) -> ParameterVersion? {
        switch selector {
        case nil: latest
        case .version(let number): versions.first { $0.number == number }
        case .label(let label): versions.first { $0.labels.contains(label) }
        }
    }

    /// Puts labels on a version, taking them off any other.
    mutating func label(_ number: Int64, _ labels: [String]) {
        for index in versions.indices {
            versions[index].labels.removeAll { labels.contains($0) }
            if versions[index].number == number { versions[index].labels += labels }
        }
        if let last = versions.last { latest = last }
    }
}
