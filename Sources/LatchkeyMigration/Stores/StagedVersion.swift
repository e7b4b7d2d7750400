/// A version of a secret with a staging label other than `AWSCURRENT`, such as `AWSPREVIOUS`.
package struct StagedVersion: Sendable {
    /// The most staging labels one secret may have (Secrets Manager quotas).
    package static let maxCount = 20

    package var id: String
    package var stages: [String]
    /// Nil if the value was not read.
    package var value: StoredValue?

    package init(id: String, stages: [String], value: StoredValue? = nil) {
        self.id = id
        self.stages = stages
        self.value = value
    }
}
