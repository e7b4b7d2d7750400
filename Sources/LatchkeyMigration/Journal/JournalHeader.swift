package import LatchkeyCore

/// The first line of a journal.
package struct JournalHeader: Hashable, Sendable {
    /// The version of the file format. Other versions are rejected.
    static let format: Int64 = 1

    package var id: String
    /// The ``DigestKey/mark`` of the key that the journal's digests are made with.
    package var keyMark: String
    /// The region of the stores, such as `eu-central-1`. A journal counts only in its own region.
    package var region: String
    package var at: WallTime

    package init(id: String, keyMark: String, region: String, at: WallTime) {
        self.id = id
        self.keyMark = keyMark
        self.region = region
        self.at = at
    }

    var json: JSON {
        [
            "journal": .integer(Self.format), "id": .string(id), "key": .string(keyMark), "place": .string(region),
            "at": .integer(at.milliseconds),
        ]
    }

    init?(_ json: JSON, at: WallTime) {
        guard let id = json["id"]?.string, let key = json["key"]?.string, let region = json["place"]?.string else {
            return nil
        }
        self.init(id: id, keyMark: key, region: region, at: at)
    }
}
