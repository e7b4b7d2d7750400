internal import Glibc
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMigration

/// A migration's journal on disk: one line at a time, each synced before what it announces is done. Its digests' key
/// lies beside it, in `<journal>.key`, so that the journal can be shown to others and the key cannot.
///
/// One process at a time: the file is locked (flock(2)) until the process ends.
final class JournalFile {
    /// Bytes of a journal that are read: a hundred thousand secrets' worth.
    private static let longest = 256 << 20

    let path: String
    let key: DigestKey
    private(set) var journal: Journal
    private let descriptor: Int32

    /// Opens the journal at `path`, or begins one.
    ///
    /// - Parameters:
    ///   - place: the region; a journal of another one is refused.
    ///   - resumes: whether an unfinished journal is to be gone on with; else it is refused.
    init(path: String, place: String, resumes: Bool, now: WallTime) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(.usage, "cannot write the journal \(path): \(Self.reason(errno))")
        }
        do {
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                throw CommandFailure(.usage, "the journal \(path) is in use by another latchkey")
            }
            let (journal, key) = try Self.load(descriptor, path, place, resumes: resumes)
            self.path = path
            self.descriptor = descriptor
            self.key = key
            self.journal = journal
        } catch {
            close(descriptor)
            throw error
        }
        if journal.header == nil {
            try append(.opened(JournalHeader(id: Random.uuid(), keyMark: key.mark, place: place, at: now)))
        }
    }

    deinit { close(descriptor) }

    /// The journal at `path` for reading, and the key of its digests; nil where there is none.
    static func peek(_ path: String) throws -> (journal: Journal, key: DigestKey)? {
        guard let bytes = DurableFile.read(path, longest: longest) else { return nil }
        let journal = try parse(bytes, path)
        guard let header = journal.header else { return nil }
        return (journal, try readKey(path, mark: header.keyMark))
    }

    /// Appends a line and waits until it is on the disk.
    func append(_ line: JournalLine) throws { try append([line]) }

    /// Appends lines and waits until all of them are on the disk.
    func append(_ lines: [JournalLine]) throws {
        guard !lines.isEmpty else { return }
        let bytes = lines.flatMap { $0.json.bytes() + [UInt8(ascii: "\n")] }
        do throws(DurableFile.Failure) {
            try bytes.withUnsafeBytes { buffer in
                Result { () throws(DurableFile.Failure) in try DurableFile.append(buffer, to: descriptor) }
            }.get()
        } catch {
            throw CommandFailure(.usage, "cannot write the journal \(path): \(Self.reason(error.code))")
        }
        guard fdatasync(descriptor) == 0 else {
            throw CommandFailure(.usage, "cannot write the journal \(path): \(Self.reason(errno))")
        }
        for line in lines { journal.note(line) }
    }

    /// Writes down what a copy leaves where it is, unless that stands there already.
    func leave(_ items: [PlanItem]) throws {
        let now = TimeSource.system.now().wall
        let lines = items.map { item in
            JournalItem(
                secret: item.secret.name, target: item.target, state: .left, digest: "",
                versionID: item.secret.versionID,
                reason: item.obstacles.first { $0.weight == .blocks }?.code, at: now)
        }
        try append(
            lines.filter { line in
                var known = journal.left[line.secret]
                known?.at = line.at
                return known != line
            }.map { .item($0) })
    }

    /// Writes down that a command came to its end, or what it is about to do.
    func record(_ command: String, isClean: Bool, count: Int, _ details: [String: String] = [:]) throws {
        var run = JournalRun(
            command: command, isClean: isClean, count: count, by: Operator.name, at: TimeSource.system.now().wall)
        run.details = details
        try append(.ran(run))
    }

    // MARK: Loading

    private static func load(
        _ descriptor: Int32, _ path: String, _ place: String, resumes: Bool
    ) throws -> (Journal, DigestKey) {
        guard let bytes = DurableFile.read(descriptor, longest: longest) else {
            throw CommandFailure(.usage, "cannot read the journal \(path)")
        }
        let journal = try parse(bytes, path)
        guard let header = journal.header else {
            try cut(descriptor, to: 0, path)
            return (Journal(), try makeKey(path))
        }
        guard header.place == place else {
            throw CommandFailure(
                .usage, "the journal \(path) is of \(header.place) and this is \(place): name another with --journal")
        }
        guard resumes || !journal.isUnfinished else {
            throw CommandFailure(
                .usage, "the journal \(path) is of a copy that did not end: --resume goes on with it")
        }
        let key = try readKey(path, mark: header.keyMark)
        // What a crash left of a line would spoil the next one.
        try cut(descriptor, to: journal.wholeBytes, path)
        return (journal, key)
    }

    private static func parse(_ bytes: [UInt8], _ path: String) throws -> Journal {
        do throws(Journal.Refusal) {
            return try Journal(bytes)
        } catch {
            throw CommandFailure(.usage, "the journal \(path) cannot be used: \(error)")
        }
    }

    private static func cut(_ descriptor: Int32, to length: Int, _ path: String) throws {
        guard ftruncate(descriptor, off_t(length)) == 0 else {
            throw CommandFailure(.usage, "cannot write the journal \(path): \(reason(errno))")
        }
    }

    private static func makeKey(_ path: String) throws -> DigestKey {
        let key = DigestKey.random()
        do throws(DurableFile.Failure) {
            try DurableFile.write(Array((Hex.encode(key.secret.reveal()) + "\n").utf8), to: path + ".key")
        } catch {
            throw CommandFailure(.usage, "cannot write \(path).key: \(reason(error.code))")
        }
        return key
    }

    private static func readKey(_ path: String, mark: String) throws -> DigestKey {
        let text = DurableFile.read(path + ".key", longest: 1024).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let hex = text.hasSuffix("\n") ? text.dropLast() : text[...]
        guard let bytes = Hex.decode(hex), let key = DigestKey(Secret(bytes)), key.mark == mark else {
            throw CommandFailure(
                .usage, "\(path).key is not the key of the journal \(path): put it back, or begin another journal")
        }
        return key
    }

    static func reason(_ code: Int32) -> String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}
