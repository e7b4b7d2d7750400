internal import ArgumentParser

/// `latchkey audit`.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Verify and show the audit log.",
        discussion: """
            The files are those of LATCHKEY_AUDIT_LOG, the oldest first. The commands make no calls and need no settings.
            """,
        subcommands: [AuditVerifyCommand.self, AuditShowCommand.self])
}
