internal import LatchkeyCore

/// One version of a secret.
struct SecretVersion {
    let id: String
    let content: SecretContent
    let created: WallTime
    /// The staging labels. A version without any is deprecated, and may be deleted.
    var stages: [String]
}
