internal import LatchkeyCrypto
internal import LatchkeyLog
internal import LatchkeyMetrics

/// A followed file: which setting names it, and which content is valid.
struct FollowedFile: Sendable {
    /// Maximum size of a file that holds one value.
    static let maxValueBytes = 64 << 10

    let subject: ReloadSubject
    /// The setting or profile member that names the file, for messages.
    let name: String
    let path: String
    /// Maximum size in bytes.
    var limit = FollowedFile.maxValueBytes
    /// Returns what is wrong with a value and how to fix it, in lower case and without the value; nil if it is valid.
    var validate: @Sendable (Secret) -> String? = { _ in nil }
    /// Distinguishes files of the same name that are validated differently.
    var purpose = ""
    /// Applies a changed value.
    var onChange: @Sendable (Secret) -> Void = { _ in }
    /// Called when the file can be used again and its value is the same.
    var onRecovery: @Sendable () -> Void = {}
    /// The event of the log line about a change.
    var changeEvent = LoggedEvent.fileChanged
    /// The message of that line.
    var changeMessage = "a followed file has changed; its new value is in force"

    /// Whether both follow the same file for the same purpose.
    func isSame(as other: FollowedFile) -> Bool { name == other.name && path == other.path && purpose == other.purpose }

    init(_ subject: ReloadSubject, _ name: String, path: String) {
        self.subject = subject
        self.name = name
        self.path = path
    }
}
