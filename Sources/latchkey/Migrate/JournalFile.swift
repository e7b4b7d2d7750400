internal import Glibc
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMigration

/// A migration's journal on disk, open for writing. Each line is synced before the step it announces.
///
/// The key of its digests is in `<journal>.key`, so that the journal can be shown to others without the key.
/// ``PreparedJournal`` checks existing files first. The file is locked (flock(2)) until the process ends, so that only
/// one process writes it.
final class JournalFile {
    /// Where commands keep the journal unless `--journal` names another file.
    static let defaultPath = "latchkey-migrate.journal"

    let path: String
    let key: DigestKey
    private(set) var journal: Journal
    private let descriptor: OwnedDescriptor

    init(path: String, descriptor: OwnedDescriptor, key: DigestKey, journal: Journal) {
        self.path = path
        self.descriptor = descriptor
        self.key = key
        self.journal = journal
    }

    /// Appends a line and syncs it.
    func append(_ line: JournalLine) throws { try append([line]) }

    /// Appends lines and syncs them.
    func append(_ lines: [JournalLine]) throws {
        guard !lines.isEmpty else { return }
        let bytes = lines.flatMap { $0.json.bytes() + [UInt8(ascii: "\n")] }
        do throws(DurableFile.Failure) {
            try bytes.withUnsafeBytes { buffer in
                Result { () throws(DurableFile.Failure) in try DurableFile.append(buffer, to: descriptor.number) }
            }.get()
        } catch {
            throw CommandFailure(.usage, "cannot write the journal \(path): \(OwnFile.reason(error.code))")
        }
        guard fdatasync(descriptor.number) == 0 else {
            throw CommandFailure(.usage, "cannot write the journal \(path): \(OwnFile.reason(errno))")
        }
        for line in lines { journal.note(line) }
    }

    /// Records which secrets a copy does not move, unless the journal has that already.
    func leave(_ items: [PlanItem]) throws {
        let now = Timing.system.now().wall
        let lines = items.map { item in
            JournalItem(
                secret: item.secret.name, target: item.target, state: .left, digest: "",
                versionID: item.secret.versionID,
                reason: item.obstacles.first { $0.severity == .blocks }?.code, at: now)
        }
        try append(
            lines.filter { line in
                var known = journal.left[line.secret]
                known?.at = line.at
                return known != line
            }.map { .item($0) })
    }

    /// Records the selection of a copy or comparison, unless the journal has it already.
    func record(_ selection: MoveSelection) throws {
        guard journal.selection.union(selection) != journal.selection else { return }
        try record("selection", isClean: true, count: 0, [Journal.selectionDetail: selection.text])
    }

    /// Records the end of a command, or what it is about to do.
    func record(_ command: String, isClean: Bool, count: Int, _ details: [String: String] = [:]) throws {
        var run = JournalRun(
            command: command, isClean: isClean, count: count, by: Operator.name, at: Timing.system.now().wall)
        run.details = details
        try append(.ran(run))
    }
}
