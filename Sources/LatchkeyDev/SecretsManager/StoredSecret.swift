internal import LatchkeyCore
internal import LatchkeyCrypto

/// What a secret version holds: exactly one of the two.
enum SecretContent: Equatable {
    case text(Secret)
    case binary(Secret)
}

/// One version of a secret.
struct SecretVersion {
    let id: String
    let content: SecretContent
    let created: WallTime
    /// Staging labels; a version without any is on its way out.
    var stages: [String]
}

/// A secret with its versions.
struct StoredSecret {
    let arn: String
    let name: String
    let created: WallTime
    var changed: WallTime
    /// The day it was last read; AWS keeps no finer time.
    var accessed: WallTime?
    var description: String?
    var keyID: String?
    var tags: [String: String] = [:]
    /// When it goes for good; nil while it is in use.
    var deletion: WallTime?
    private(set) var versions: [SecretVersion] = []

    static let current = "AWSCURRENT"
    static let previous = "AWSPREVIOUS"
    static let pending = "AWSPENDING"
    /// Versions kept; the oldest without a staging label goes first (User Guide, "Version limits").
    static let mostVersions = 100

    init(arn: String, name: String, created: WallTime) {
        self.arn = arn
        self.name = name
        self.created = created
        changed = created
    }

    func version(id: String) -> SecretVersion? { versions.first { $0.id == id } }

    func version(stage: String) -> SecretVersion? { versions.first { $0.stages.contains(stage) } }

    /// Adds a version and moves its staging labels to it; the version that was current becomes the previous one.
    mutating func append(_ version: SecretVersion, at now: WallTime) {
        for stage in version.stages { move(stage, away: version.id) }
        versions.append(version)
        if versions.count > Self.mostVersions, let oldest = versions.firstIndex(where: { $0.stages.isEmpty }) {
            versions.remove(at: oldest)
        }
        changed = now
    }

    /// Takes a staging label off whichever version has it; a version that stops being current becomes the previous.
    private mutating func move(_ stage: String, away id: String) {
        guard let holder = versions.firstIndex(where: { $0.stages.contains(stage) }), versions[holder].id != id else {
            return
        }
        versions[holder].stages.removeAll { $0 == stage }
        guard stage == Self.current else { return }
        for index in versions.indices { versions[index].stages.removeAll { $0 == Self.previous } }
        versions[holder].stages.append(Self.previous)
    }
}
