package import LatchkeyCore

/// One line of a migration's journal: what was begun, written and seen, with keyed digests and never a value.
package enum JournalLine: Hashable, Sendable {
    /// The first line: which journal this is.
    case opened(JournalHeader)
    case item(JournalItem)
    /// A command came to its end.
    case ran(JournalRun)

    /// The line as JSON, without the line end.
    package var json: JSON {
        switch self {
        case .opened(let header):
            [
                "journal": .integer(JournalHeader.format), "id": .string(header.id), "key": .string(header.keyMark),
                "place": .string(header.place), "at": .integer(header.at.milliseconds),
            ]
        case .item(let item): item.json
        case .ran(let run):
            [
                "run": .string(run.command), "clean": .bool(run.isClean), "count": .integer(Int64(run.count)),
                "by": .string(run.by), "at": .integer(run.at.milliseconds),
                "details": .object(JSONObject(run.details.mapValues { .string($0) })),
            ]
        }
    }

    /// A line as it was written; nil for anything else.
    package init?(_ json: JSON) {
        guard let at = json["at"]?.integer.map({ WallTime(milliseconds: $0) }) else { return nil }
        if json["journal"]?.integer == JournalHeader.format {
            guard let id = json["id"]?.string, let key = json["key"]?.string, let place = json["place"]?.string else {
                return nil
            }
            self = .opened(JournalHeader(id: id, keyMark: key, place: place, at: at))
        } else if let command = json["run"]?.string {
            guard let isClean = json["clean"]?.bool, let count = json["count"]?.integer else { return nil }
            var run = JournalRun(
                command: command, isClean: isClean, count: Int(clamping: count), by: json["by"]?.string ?? "", at: at)
            run.details = (json["details"]?.object ?? [:]).compactMapValues(\.string)
            self = .ran(run)
        } else {
            guard let item = JournalItem(json, at: at) else { return nil }
            self = .item(item)
        }
    }
}

/// What a journal is of.
package struct JournalHeader: Hashable, Sendable {
    /// The format's number; another one is not read.
    static let format: Int64 = 1

    package var id: String
    /// ``DigestKey/mark`` of the key its digests are made with.
    package var keyMark: String
    /// Where the stores are, such as `eu-central-1`: a journal of one place says nothing about another.
    package var place: String
    package var at: WallTime

    package init(id: String, keyMark: String, place: String, at: WallTime) {
        self.id = id
        self.keyMark = keyMark
        self.place = place
        self.at = at
    }
}

/// How far one secret has come.
package struct JournalItem: Hashable, Sendable {
    /// The steps in their order.
    package enum State: String, Hashable, Sendable {
        /// About to be written: whether it was is to be found out.
        case begun
        /// Parameter Store said so.
        case written
        /// Read back and equal.
        case verified
        case failed
        /// Looked at, and not moved: something is in the way.
        case left
    }

    package var secret: String
    package var target: String
    package var state: State
    /// ``DigestKey/digest(_:_:)`` of the value that is moved, as hex.
    package var digest: String
    /// The secret's version, where known.
    package var versionID: String?
    /// The parameter's version, once written or seen.
    package var version: Int64?
    /// Why it failed: one word.
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

/// The end of a command: who ran it, when, and what came of it.
package struct JournalRun: Hashable, Sendable {
    /// `backup`, `copy`, `verify`, `gate`, `shadow`, `cutover`, `rollback`, `cleanup` or `undo`; `selection` for what a
    /// copy or a comparison is about; and before it is done `turn` for what shadow, cutover and rollback write, `delete`
    /// and `undelete` for one secret.
    package var command: String
    /// Nothing was left to be done, or everything was equal.
    package var isClean: Bool
    /// Secrets it was about.
    package var count: Int
    /// Who ran it, such as `deploy@ci-7`.
    package var by: String
    package var at: WallTime
    /// What else there is to know, such as from what to what a cut-over went. No value, no key.
    package var details: [String: String] = [:]

    package init(command: String, isClean: Bool, count: Int, by: String, at: WallTime) {
        self.command = command
        self.isClean = isClean
        self.count = count
        self.by = by
        self.at = at
    }
}
