internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeySettings

/// Whether the audit log can be written. Opens and creates nothing.
struct AuditCheck {
    let audit: AuditSettings

    func run() -> [Finding] {
        let subject = SettingName.auditLog.rawValue
        let signed = audit.key.map { "checkpoints are signed with key \($0.keyID)" } ?? "checkpoints are not signed"
        guard audit.target != "stderr" else { return [.fine(.settings, subject, "lines go to stderr; \(signed)")] }
        do throws(OwnFileError) {
            switch try OwnFile.inspect(at: OwnFile.absolute(audit.target)) {
            case .nothing: return [.fine(.settings, subject, "\(audit.target) will be created; \(signed)")]
            case .file(let bytes): return [.fine(.settings, subject, "\(audit.target) has \(bytes) bytes; \(signed)")]
            }
        } catch {
            return [
                .problem(
                    exit: .configuration, .settings, subject, error.message,
                    remedy: "name a file in a folder that the broker's user can write")
            ]
        }
    }
}
