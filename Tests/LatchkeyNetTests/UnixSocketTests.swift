import Glibc
import LatchkeyNet
import Testing

@Suite struct UnixSocketTests {
    private let folder = "/tmp/latchkey-unix-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    private var path: String { "\(folder)/broker.sock" }

    private func with(_ body: () throws -> Void) rethrows {
        mkdir(folder, 0o700)
        defer {
            for name in ["broker.sock", "moved.sock"] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        try body()
    }

    private func listen() throws(SystemError) -> Socket { try .listening(on: .unix(path: path)) }

    private func inode(_ path: String) -> UInt64? {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    @Test func `A socket that a process listens on is not replaced`() throws {
        try with {
            let first = try listen()
            let original = inode(path)
            #expect(throws: SystemError(call: "bind", errno: EADDRINUSE)) { _ = try listen() }
            #expect(inode(path) == original)
            _ = consume first
        }
    }

    @Test func `A socket that a dead process left is replaced`() throws {
        try with {
            let first = try listen()
            _ = consume first
            #expect(inode(path) != nil, "closing a socket does not remove its file")
            let second = try listen()
            var outcome = Socket.Connecting.inProgress
            _ = try Socket.connecting(to: .unix(path: path), outcome: &outcome)
            #expect(outcome == .connected)
            _ = consume second
        }
    }

    @Test func `Something other than a socket is not replaced`() {
        with {
            close(open(path, O_WRONLY | O_CREAT, 0o600))
            let original = inode(path)
            #expect(throws: SystemError(call: "bind", errno: EEXIST)) { _ = try listen() }
            #expect(inode(path) == original)
            unlink(path)
            symlink("/tmp/nowhere", path)
            #expect(throws: SystemError(call: "bind", errno: EEXIST)) { _ = try listen() }
        }
    }

    @Test func `A process removes only its own socket`() throws {
        try with {
            let first = try listen()
            let own = try #require(UnixSocketFile(at: path))
            rename(path, "\(folder)/moved.sock")
            #expect(!own.remove(), "the socket was moved away")
            let second = try listen()
            #expect(!own.remove(), "the socket at the path is another one")
            #expect(inode(path) != nil)
            #expect(try #require(UnixSocketFile(at: path)).remove())
            #expect(inode(path) == nil)
            _ = consume first
            _ = consume second
        }
    }
}
