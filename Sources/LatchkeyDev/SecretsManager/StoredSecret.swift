internal import LatchkeyCore

/// A secret with its versions.
struct StoredSecret {
    let arn: String
    let name: String
    let created: WallTime
    var changed: WallTime
    /// The day of the last read. AWS does not record the time of day.
    var accessed: WallTime?
    var description: String?
    var keyID: String?
    var tags: [String: String] = [:]
    /// When the secret is deleted, if a deletion is scheduled.
    var deletion: WallTime?
    private(set) var versions: [SecretVersion] = []

    static let current = "AWSCURRENT"
    static let previous = "AWSPREVIOUS"
    /// The most versions; beyond it the oldest one without a staging label is deleted (User Guide, "Version limits").
    static let maxVersions = 100

    init(arn: String, name: String, created: WallTime) {
        self.arn = arn
        self.name = name
        self.created = created
        changed = created
    }

    func version(id: String) -> SecretVersion? { versions.first { $0.id == id } }

    func version(stage: String) -> SecretVersion? { versions.first { $0.stages.contains(stage) } }

    /// Adds a version and moves its staging labels to it.
    mutating func append(_ version: SecretVersion, at now: WallTime) {
        for stage in version.stages { remove(stage, unlessOn: version.id) }
        versions.append(version)
        if versions.count > Self.maxVersions, let oldest = versions.firstIndex(where: { $0.stages.isEmpty }) {
            versions.remove(at: oldest)
        }
        changed = now
    }

    /// Removes a staging label from the version that has it. A version that loses `AWSCURRENT` gets `AWSPREVIOUS`.
    private mutating func remove(_ stage: String, unlessOn id: String) {
        guard let holder = versions.firstIndex(where: { $0.stages.contains(stage) }), versions[holder].id != id else {
            return
        }
        versions[holder].stages.removeAll { $0 == stage }
        guard stage == Self.current else { return }
        for index in versions.indices { versions[index].stages.removeAll { $0 == Self.previous } }
        versions[holder].stages.append(Self.previous)
    }
}
