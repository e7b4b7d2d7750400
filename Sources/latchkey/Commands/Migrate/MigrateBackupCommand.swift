internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeySettings

/// `latchkey migrate backup`.
struct MigrateBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write every value with its metadata to one encrypted file.",
        discussion: """
            CMS AuthEnvelopedData with AES-256-GCM, encrypted with a password or for the key of a certificate. \
            restore reads it, and so does: openssl cms -decrypt -inform DER -in FILE. FILE.manifest lists the secrets \
            in it, with keyed digests. Values of secrets that are scheduled for deletion cannot be read; the command \
            lists these secrets.
            """)

    @OptionGroup var selected: SelectionArguments
    @Option(
        help:
            "The file to write. An existing backup is kept if it has exactly these versions, and is otherwise overwritten only with --yes or after confirmation."
    ) var out: String
    @Option(help: ArgumentHelp("File with the password.", valueName: "file")) var passwordFile: String?
    @Option(help: ArgumentHelp("Certificate in PEM, RSA or EC.", valueName: "file")) var recipient: String?
    @Option(help: ArgumentHelp("The migration's journal; the backup is recorded there.", valueName: "file"))
    var journal = JournalFile.defaultPath
    @Flag(help: "Overwrite an existing file.") var yes = false
    @Flag(help: "Read everything, show what would be written, and write nothing.") var dryRun = false
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (passwordFile == nil) != (recipient == nil) else {
            throw ValidationError("give either --password-file or --recipient")
        }
    }

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let selection = try selected.selection(orOf: PreparedJournal.peek(journal)?.journal ?? Journal())
            let recipient = try sealedFor()
            let file = BackupFile(path: out)
            try file.requireLatchkeyFiles()
            let access = try MigrationAccess(try CommandEnvironment.settings(need: .upstreams))
            let prepared = dryRun ? nil : try PreparedJournal(path: journal, place: access.region, resumes: true)
            var reader = InventoryReader(access: access, selection: selection)
            reader.isDetailed = true
            let secrets = try await reader.readSecrets()
            try Self.requireAll(secrets)
            let document = BackupDocument(
                created: Timing.system.now().wall, region: access.region, key: .random(),
                secrets: secrets.filter(\.exists))
            guard let prepared else { return show(nil, document) }
            let existing = try yes ? nil : Self.existing(file, document)
            guard
                existing != nil || !file.exists || yes
                    || Confirmation.asks("\(out) exists. It will be overwritten.")
            else { throw CommandFailure(.usage, "\(out) exists: name another file, or overwrite it with --yes") }
            let journal = try prepared.begin(now: Timing.system.now().wall)
            let manifest = try existing ?? file.write(document, for: recipient)
            try journal.record(
                "backup", isClean: true, count: manifest.entries.count,
                ["file": file.absolutePath, "sha256": manifest.fileDigest])
            show(manifest, document, isExisting: existing != nil)
        }
    }

    /// The manifest of an existing complete backup of exactly these secret versions. Then no new backup is made.
    private static func existing(_ file: BackupFile, _ document: BackupDocument) throws -> BackupManifest? {
        guard file.exists, let manifest = try file.manifest() else { return nil }
        let versions = { (entries: [ManifestEntry]) in Set(entries.map { [$0.name, $0.versionID] }) }
        return versions(manifest.entries) == versions(document.manifest) ? manifest : nil
    }

    private func sealedFor() throws -> BackupFile.Recipient {
        if let passwordFile { return .password(try BackupFile.password(passwordFile)) }
        let path = recipient ?? ""
        return .certificate(try SmallFile.required(path))
    }

    /// A backup that lacks a value would be useless.
    private static func requireAll(_ secrets: [SourceSecret]) throws {
        for secret in secrets {
            let name = Table.clean(secret.name)
            guard secret.exists else { throw CommandFailure(.failed, "there is no secret \(name)") }
            guard let action = secret.denied.first(where: { !Obstacle.optionalActions.contains($0) }) else {
                continue
            }
            throw CommandFailure(.denied, "\(action) is refused for \(name): nothing was written")
        }
        let unread = secrets.filter { !$0.unread.isEmpty }.map { Table.clean($0.name) }
        guard unread.isEmpty else {
            throw CommandFailure(
                .unavailable, "no answer for \(unread.joined(separator: ", ")): nothing was written; run backup again")
        }
    }

    /// - Parameter manifest: nil if nothing was written.
    private func show(_ manifest: BackupManifest?, _ document: BackupDocument, isExisting: Bool = false) {
        let count = document.secrets.count { $0.value != nil }
        let without = document.secrets.filter { $0.value == nil }.map(\.name)
        // Secrets with a refused read that does not prevent a backup.
        let incomplete = document.secrets.filter { !$0.denied.isEmpty }.map(\.name)
        if json {
            return Terminal.print(
                JSON.object([
                    "file": .string(out), "sha256": (manifest?.fileDigest).map { .string($0) } ?? .null,
                    "written": .bool(manifest != nil && !isExisting), "secrets": .integer(Int64(count)),
                    "without_value": .array(without.map { .string($0) }),
                    "without_details": .array(incomplete.map { .string($0) }),
                ]).text)
        }
        for name in without {
            Terminal.print("\(Table.clean(name)): no value could be read; the backup has only its metadata")
        }
        for name in incomplete {
            Terminal.print("\(Table.clean(name)): its other metadata cannot be read")
        }
        guard let manifest else {
            return Terminal.print("\(count) secrets would be written to \(out): nothing was written")
        }
        let why = isExisting ? "; the file already had these versions" : ""
        Terminal.print("\(count) secrets in \(out), sha256 \(manifest.fileDigest)\(why)")
    }
}
