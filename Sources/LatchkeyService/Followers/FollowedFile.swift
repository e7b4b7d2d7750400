internal import LatchkeyCrypto
internal import LatchkeyMetrics

/// One file that is followed: who names it, and what its content must be.
struct FollowedFile: Sendable {
    /// Bytes that are read of a file with one value.
    static let maxValueBytes = 64 << 10

    let subject: ReloadSubject
    /// The setting or the profile's member that names it, for messages.
    let name: String
    let path: String
    /// Bytes that are read of it.
    var limit = FollowedFile.maxValueBytes
    /// Why a content does not do and how to mend it, lower case and without any of it; nil where it does.
    var validate: @Sendable (Secret) -> String? = { _ in nil }
    /// Tells apart files of one name whose content is judged otherwise.
    var purpose = ""
    /// Puts a changed value in force.
    var onChange: @Sendable (Secret) -> Void = { _ in }
    /// What the log says of a change.
    var changeMessage = "a followed file has changed; its new value is in force"

    /// Whether following the one does for the other: the same file, for the same use.
    func isSame(as other: FollowedFile) -> Bool { name == other.name && path == other.path && purpose == other.purpose }

    init(_ subject: ReloadSubject, _ name: String, path: String) {
        self.subject = subject
        self.name = name
        self.path = path
    }
}
