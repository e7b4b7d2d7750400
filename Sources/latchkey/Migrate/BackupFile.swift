internal import Glibc
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMigration

/// A backup on disk, with its manifest in `<file>.manifest`.
struct BackupFile {
    /// Maximum size of a password file.
    private static let maxPasswordBytes = 4096
    /// What is needed to open the backup.
    enum Opener {
        case password(Secret)
        case privateKey(Secret)
    }

    /// Who can open the backup.
    enum Recipient {
        case password(Secret)
        /// A certificate in PEM.
        case certificate([UInt8])
    }

    let path: String
    var manifestPath: String { path + ".manifest" }

    /// The absolute path, valid in any folder.
    var absolutePath: String { OwnFile.absolute(path) }

    var exists: Bool { access(path, F_OK) == 0 }

    /// Checks both paths before anything is written. Existing files must be a backup of Latchkey and its manifest.
    func requireLatchkeyFiles() throws {
        if case .file(let count) = try OwnFile.inspect(at: path), count > 0 {
            let bytes = DurableFile.read(path, maxBytes: AuthEnvelope.maxFileBytes)
            guard let bytes, AuthEnvelope.hasShape(bytes) else {
                throw CommandFailure(
                    .usage, "\(path) is not a latchkey backup and was not changed: name another file")
            }
        }
        if case .file(let count) = try OwnFile.inspect(at: manifestPath), count > 0 {
            let bytes = DurableFile.read(manifestPath, maxBytes: AuthEnvelope.maxContentBytes)
            guard let json = bytes.flatMap({ try? JSON(parsing: $0) }), BackupManifest(json) != nil else {
                throw CommandFailure(
                    .usage, "\(manifestPath) is not a latchkey manifest and was not changed: name another file")
            }
        }
    }

    /// Encrypts and writes both files, each atomically, the backup first.
    ///
    /// An old manifest is removed before that. If the process is interrupted between the two writes, an old manifest
    /// beside the new backup would make it look altered. A backup without a manifest can still be opened.
    func write(_ document: BackupDocument, for recipient: Recipient) throws -> BackupManifest {
        let bytes: [UInt8]
        do throws(AuthEnvelopeError) {
            switch recipient {
            case .password(let password): bytes = try AuthEnvelope.seal(document.content, password: password)
            case .certificate(let pem): bytes = try AuthEnvelope.seal(document.content, certificate: pem)
            }
        } catch {
            throw CommandFailure(error == .failed ? .unavailable : .usage, "the backup cannot be encrypted: \(error)")
        }
        let manifest = BackupManifest(
            fileDigest: SHA256.hash(bytes).hex, created: document.created, region: document.region,
            entries: document.manifest)
        do throws(DurableFile.Failure) {
            try DurableFile.remove(manifestPath)
            try DurableFile.write(bytes, to: path)
            try DurableFile.write(manifest.json.bytes() + [UInt8(ascii: "\n")], to: manifestPath)
        } catch {
            throw CommandFailure(.usage, "cannot write \(path): \(OwnFile.reason(error.code))")
        }
        return manifest
    }

    /// The content, after all checks: the envelope's authentication tag, the manifest if there is one, and the digest
    /// of each value.
    func read(_ opener: Opener) throws -> BackupDocument {
        guard let bytes = DurableFile.read(path, maxBytes: AuthEnvelope.maxFileBytes) else {
            throw CommandFailure(.usage, "cannot read \(path)")
        }
        let manifest = try readManifest()
        if let manifest, manifest.fileDigest != SHA256.hash(bytes).hex {
            throw CommandFailure(
                .failed, "\(path) does not match \(manifestPath): it was altered or replaced")
        }
        let document: BackupDocument
        do {
            switch opener {
            case .password(let password):
                document = try BackupDocument(AuthEnvelope.open(bytes, password: password))
            case .privateKey(let key): document = try BackupDocument(AuthEnvelope.open(bytes, privateKey: key))
            }
        } catch let refusal as AuthEnvelopeError {
            throw CommandFailure(.failed, "\(path) cannot be opened: \(refusal)")
        } catch is BackupDocument.FormatError {
            throw CommandFailure(.failed, "\(path) is not a latchkey backup")
        }
        if let manifest, manifest.entries != document.manifest {
            throw CommandFailure(.failed, "\(path) does not have the content that \(manifestPath) lists")
        }
        return document
    }

    /// The manifest of a backup that can be opened.
    func manifest(_ opener: Opener) throws -> BackupManifest {
        let document = try read(opener)
        return BackupManifest(
            fileDigest: "", created: document.created, region: document.region, entries: document.manifest)
    }

    /// The manifest beside the backup, if it belongs to this file; nil if there is none.
    func manifest() throws -> BackupManifest? {
        guard let manifest = try readManifest(),
            let bytes = DurableFile.read(path, maxBytes: AuthEnvelope.maxFileBytes)
        else { return nil }
        return manifest.fileDigest == SHA256.hash(bytes).hex ? manifest : nil
    }

    private func readManifest() throws -> BackupManifest? {
        guard access(manifestPath, F_OK) == 0 else { return nil }
        guard let bytes = DurableFile.read(manifestPath, maxBytes: AuthEnvelope.maxContentBytes),
            let manifest = (try? JSON(parsing: bytes, limits: .ownFile)).flatMap({ BackupManifest($0) })
        else { throw CommandFailure(.failed, "\(manifestPath) is not a valid manifest: repair or remove it") }
        return manifest
    }

    /// The first line of a password file.
    static func password(_ path: String) throws -> Secret {
        let bytes = FileReader.withoutLineEnd(try SmallFile.required(path))
        guard bytes.count <= maxPasswordBytes else {
            throw CommandFailure(.usage, "the password in \(path) is longer than \(maxPasswordBytes) bytes")
        }
        guard !bytes.isEmpty, !bytes.contains(UInt8(ascii: "\n")) else {
            throw CommandFailure(.usage, "\(path) must hold the password on one line")
        }
        if SmallFile.isOpenToOthers(path) { Terminal.printError("warning: others can read \(path)") }
        return Secret(bytes)
    }
}
