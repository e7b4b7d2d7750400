internal import Glibc
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMigration

/// A journal that was checked and, if it exists, locked, but not written yet. It is written only when there is
/// something to record.
struct PreparedJournal {
    /// Maximum size of a journal: enough for a hundred thousand secrets.
    private static let maxBytes = 256 << 20

    let path: String
    /// The content of the file; empty for a new journal.
    let journal: Journal
    private let place: String
    private let descriptor: OwnedDescriptor?
    /// Nil for a new journal.
    private let key: DigestKey?

    /// Checks the journal at `path`. A non-empty file that does not begin like a journal is refused.
    ///
    /// - Parameters:
    ///   - place: the region. A journal of another region is refused.
    ///   - resumes: whether an unfinished journal may be continued; otherwise it is refused.
    init(path: String, place: String, resumes: Bool) throws {
        self.path = path
        self.place = place
        descriptor = try OwnFile.open(path)
        guard let descriptor else {
            journal = Journal()
            key = nil
            try Self.requireNoKey(path)
            return
        }
        guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandFailure(.usage, "the journal \(path) is in use by another latchkey process")
        }
        guard let bytes = DurableFile.read(descriptor.number, maxBytes: Self.maxBytes) else {
            throw CommandFailure(.usage, "cannot read the journal \(path)")
        }
        journal = try Self.parse(bytes, path)
        guard let header = journal.header else {
            key = nil
            try Self.requireNoKey(path)
            return
        }
        guard header.region == place else {
            throw CommandFailure(
                .usage,
                "the journal \(path) belongs to region \(header.region), but the region here is \(place): choose another file "
                    + "with --journal")
        }
        guard resumes || !journal.isUnfinished else {
            throw CommandFailure(.usage, "the journal \(path) has an unfinished copy: continue it with --resume")
        }
        key = try Self.readKey(path, of: journal, mark: header.keyMark)
    }

    /// The journal at `path` for reading, with the key of its digests; nil if there is none.
    static func peek(_ path: String) throws -> (journal: Journal, key: DigestKey)? {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileReader.read(path, limit: maxBytes)
        } catch {
            guard error != .absent else { return nil }
            throw CommandFailure(.usage, "cannot read the journal \(path): \(error)")
        }
        let journal = try parse(bytes, path)
        guard let header = journal.header, let key = try readKey(path, of: journal, mark: header.keyMark) else {
            return nil
        }
        return (journal, key)
    }

    /// Opens the journal for writing. An incomplete last line, left by a crash, is removed. A new journal gets its
    /// header and then its key; neither overwrites an existing file.
    func begin(now: WallTime) throws -> JournalFile {
        let descriptor = try self.descriptor ?? OwnFile.create(path)
        guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandFailure(.usage, "the journal \(path) is in use by another latchkey process")
        }
        guard ftruncate(descriptor.number, off_t(journal.wholeBytes)) == 0, fchmod(descriptor.number, 0o600) == 0 else {
            throw CommandFailure(.usage, "cannot write the journal \(path): \(OwnFile.reason(errno))")
        }
        if let key { return JournalFile(path: path, descriptor: descriptor, key: key, journal: journal) }
        let key = DigestKey.random()
        let file = JournalFile(path: path, descriptor: descriptor, key: key, journal: journal)
        try file.append(.opened(JournalHeader(id: Random.uuid(), keyMark: key.mark, region: place, at: now)))
        try writeKey(key)
        return file
    }

    // MARK: Reading

    private static func parse(_ bytes: [UInt8], _ path: String) throws -> Journal {
        do throws(Journal.FormatError) {
            let journal = try Journal(bytes)
            // A header is written in one piece, so a single incomplete line belongs to some other text file.
            guard journal.header != nil || bytes.isEmpty else { throw .noHeader }
            return journal
        } catch {
            throw CommandFailure(.usage, "the journal \(path) cannot be used: \(error)")
        }
    }

    // MARK: The key

    private static func keyPath(_ path: String) -> String { path + ".key" }

    /// Throws if a key exists without its journal. An empty file is accepted.
    private static func requireNoKey(_ path: String) throws {
        guard case .file(let bytes) = try OwnFile.inspect(at: keyPath(path)), bytes > 0 else { return }
        throw CommandFailure(
            .usage,
            "\(keyPath(path)) exists without its journal and was not changed: choose another journal"
        )
    }

    /// The key of the journal's digests. Nil if it is missing and the journal has no digest yet, as after a crash right
    /// at the start.
    private static func readKey(_ path: String, of journal: Journal, mark: String) throws -> DigestKey? {
        let bytes = DurableFile.read(keyPath(path), maxBytes: 1024) ?? []
        if bytes.isEmpty, journal.hasOnlyHeader {
            try requireNoKey(path)
            return nil
        }
        let hex = String(decoding: FileReader.withoutLineEnd(bytes), as: UTF8.self)
        guard let bytes = Hex.decode(hex), let key = DigestKey(Secret(bytes)), key.mark == mark else {
            throw CommandFailure(
                .usage,
                "\(path).key is not the key of the journal \(path): restore the right key, or start a new journal")
        }
        return key
    }

    private func writeKey(_ key: DigestKey) throws {
        let path = Self.keyPath(path)
        let descriptor = try OwnFile.open(path) ?? OwnFile.create(path)
        let bytes = Array((Hex.encode(key.secret.reveal()) + "\n").utf8)
        do throws(DurableFile.Failure) {
            try bytes.withUnsafeBytes { buffer in
                Result { () throws(DurableFile.Failure) in try DurableFile.append(buffer, to: descriptor.number) }
            }.get()
            guard fsync(descriptor.number) == 0 else { throw DurableFile.Failure(code: errno) }
            try DurableFile.syncFolder(of: path)
        } catch {
            throw CommandFailure(.usage, "cannot write \(path): \(OwnFile.reason(error.code))")
        }
    }
}
