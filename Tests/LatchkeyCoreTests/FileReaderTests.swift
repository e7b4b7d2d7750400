import Glibc
import LatchkeyCore
import LatchkeyTestSupport
import Testing

@Suite struct FileReaderTests {
    private let folder = "/tmp/latchkey-files-\(getpid())-\(UInt64.random(in: 0 ... .max))"

    /// Runs `body` with the path of a file in a fresh folder.
    private func with(_ body: (String) throws -> Void) throws {
        mkdir(folder, 0o700)
        let path = "\(folder)/file"
        defer {
            unlink(path)
            rmdir(path)
            rmdir(folder)
        }
        try body(path)
    }

    private func write(_ bytes: [UInt8], _ path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var unwritten = bytes[...]
        while !unwritten.isEmpty {
            let count = unwritten.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            unwritten = unwritten.dropFirst(count)
        }
        close(descriptor)
    }

    @Test func `A file is read whole up to the limit`() throws {
        try with { path in
            write(Array(repeating: 7, count: 40_000), path)
            let bytes = try FileReader.read(path, limit: 40_000)
            #expect(bytes.count == 40_000)
            #expect(throws: FileError.tooLarge(limit: 39_999)) { try FileReader.read(path, limit: 39_999) }
        }
    }

    @Test func `Only regular files are read, and a pipe without a writer does not block`() throws {
        try with { path in
            #expect(throws: FileError.absent) { try FileReader.read(path, limit: 10) }
            #expect(throws: FileError.absent) { try FileReader.read("\(path)/below", limit: 10) }
            mkdir(path, 0o700)
            #expect(throws: FileError.notAFile) { try FileReader.read(path, limit: 10) }
            rmdir(path)
            mkfifo(path, 0o600)
            #expect(throws: FileError.notAFile) { try FileReader.read(path, limit: 10) }
        }
        #expect(throws: FileError.notAFile) { try FileReader.read("/dev/zero", limit: 10) }
        #expect(try !FileReader.read("/proc/self/stat", limit: 4096).isEmpty, "procfs reports a size of 0")
    }

    @Test func `A value is UTF-8 text and not empty`() throws {
        try with { path in
            let contents: [([UInt8], FileError)] = [([], .empty), ([0x0A], .empty), ([0xFF, 0xFE, 0x6B, 0], .notText)]
            for (bytes, error) in contents {
                write(bytes, path)
                #expect(throws: error) { try FileReader.value(path, limit: 10) }
            }
        }
    }

    @Test func `A value does not include one line end at its end`() throws {
        let expected = try #require(try Fixture.json("cases/line-ends/expect.json")["files"]?.object)
        #expect(expected.count >= 8)
        try with { path in
            for (name, wanted) in expected {
                write(try Fixture.bytes("cases/line-ends/\(name)"), path)
                let value = try? String(decoding: FileReader.value(path, limit: 1024), as: UTF8.self)
                #expect((value ?? "") == wanted["value"]?.string, "\(name)")
            }
        }
    }
}
