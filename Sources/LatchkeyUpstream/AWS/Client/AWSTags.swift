internal import LatchkeyCore

/// `Tags: [{"Key": …, "Value": …}]`, the form that Parameter Store and Secrets Manager share.
enum AWSTags {
    static func json(_ tags: [(key: String, value: String)]) -> JSON {
        .array(tags.map { ["Key": .string($0.key), "Value": .string($0.value)] })
    }

    static func read(_ json: JSON?) -> [(key: String, value: String)] {
        (json?.array ?? []).compactMap { tag in tag["Key"]?.string.map { ($0, tag["Value"]?.string ?? "") } }
    }
}
