import Glibc
import LatchkeyAudit
import LatchkeyCore
import Testing

@Suite struct AuditFileTests {
    private let folder: String

    init() throws {
        var template = Array("/tmp/latchkey-audit.XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private var path: String { "\(folder)/audit.log" }

    private func removeFolder() {
        for name in ["audit.log", "audit.log.1", "link"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    private func open(_ path: String, tornEnd: inout [UInt8]) throws -> AuditFile {
        try AuditFile(.file(path: path), isSynced: true, tornEnd: &tornEnd)
    }

    @Test func `A new file can be read by its owner alone`() throws {
        defer { removeFolder() }
        var tornEnd: [UInt8] = []
        let file = try open(path, tornEnd: &tornEnd)
        #expect(file.write(Array("line\n".utf8)) == AuditFile.Outcome(count: 5))
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(tornEnd.isEmpty)
    }

    @Test func `A symbolic link and a folder are refused`() throws {
        defer { removeFolder() }
        symlink(path, "\(folder)/link")
        for path in ["\(folder)/link", folder] {
            #expect(throws: FileError.self) {
                var tornEnd: [UInt8] = []
                _ = try AuditFile(.file(path: path), isSynced: false, tornEnd: &tornEnd)
            }
        }
    }

    @Test func `A renamed file is left for a new one`() throws {
        defer { removeFolder() }
        var tornEnd: [UInt8] = []
        let file = try open(path, tornEnd: &tornEnd)
        _ = file.write(Array("one\n".utf8))
        #expect(try file.reopen(isAsked: false) == nil)
        rename(path, "\(path).1")
        _ = file.write(Array("two\n".utf8))
        #expect(try file.reopen(isAsked: false) == [])
        _ = file.write(Array("three\n".utf8))
        #expect(DurableFile.read("\(path).1", maxBytes: 100) == Array("one\ntwo\n".utf8))
        #expect(DurableFile.read(path, maxBytes: 100) == Array("three\n".utf8))
    }

    @Test func `An incomplete line at the end of a file is found`() throws {
        defer { removeFolder() }
        var tornEnd: [UInt8] = []
        _ = try open(path, tornEnd: &tornEnd).write(Array("line\npart".utf8))
        _ = try open(path, tornEnd: &tornEnd)
        #expect(tornEnd == Array("part".utf8))
    }

    @Test func `A pipe that nobody reads takes what it has room for`() throws {
        defer { removeFolder() }
        mkfifo(path, 0o600)
        let reader = Glibc.open(path, O_RDONLY | O_NONBLOCK)
        let writer = Glibc.open(path, O_WRONLY)
        defer { for descriptor in [reader, writer] { close(descriptor) } }
        let line = Array(repeating: UInt8(ascii: "x"), count: 999) + [0x0A]
        let file = AuditFile(.standardError, OwnedDescriptor(dup(writer)), isSynced: false)
        let outcome = file.write(Array(repeating: line, count: 4096).flatMap { $0 })
        #expect(outcome.error == EAGAIN)
        #expect(outcome.count > 0 && outcome.count % 1000 == 0)
    }

    @Test func `A line that is too long is cut`() throws {
        defer { removeFolder() }
        var tornEnd: [UInt8] = []
        let file = try open(path, tornEnd: &tornEnd)
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 3 * AuditLimits.maxLineBytes)
        _ = file.write(Array("first\n".utf8) + long + Array("\nlast".utf8))
        var lines: [Int] = []
        let rest = try AuditLineReader.read(path) { line, _ in lines.append(line.count) }
        #expect(lines == [5, AuditLimits.maxLineBytes + 1])
        #expect(rest?.number == 3 && rest?.bytes == Array("last".utf8))
    }

    @Test func `A full device takes nothing and reports it`() throws {
        var tornEnd: [UInt8] = []
        let file = try open("/dev/full", tornEnd: &tornEnd)
        #expect(file.write(Array("line\n".utf8)) == AuditFile.Outcome(count: 0, error: ENOSPC))
        removeFolder()
    }
}
