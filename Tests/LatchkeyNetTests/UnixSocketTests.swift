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

    private func listen(_ options: UnixSocketOptions = UnixSocketOptions()) throws(SystemError) -> Socket {
        let name = try UnixSocketName(path, options: options)
        let socket = try name.listen()
        _ = try name.publish()
        return socket
    }

    private func connect() throws -> Socket.Connecting {
        var outcome = Socket.Connecting.inProgress
        _ = try Socket.connecting(to: .unix(path: path), outcome: &outcome)
        return outcome
    }

    /// Whether a connection waits. It is accepted and closed.
    private func accepts(_ listener: borrowing Socket) throws -> Bool {
        let accepted = try listener.accept()
        return accepted != nil
    }

    private func status() -> stat {
        var status = stat()
        lstat(path, &status)
        return status
    }

    /// The names in the folder.
    private var names: [String] {
        guard let folder = opendir(folder) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.filter { $0 != "." && $0 != ".." }
    }

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
            #expect(try connect() == .connected)
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

    @Test(arguments: [0o660, 0o600, 0o777] as [UInt32]) func `The socket has its mode and owner before its path`(
        mode: UInt32
    ) throws {
        try with {
            var options = UnixSocketOptions()
            options.mode = mode
            options.owner = UnixSocketOwner.IDs(user: nil, group: getgid())
            let socket = try listen(options)
            #expect(status().st_mode & 0o777 == mode && status().st_gid == getgid())
            #expect(names == ["broker.sock"])
            _ = consume socket
        }
    }

    @Test func `The socket of a live process is taken over on request, and its queue stays`() throws {
        try with {
            let first = try listen()
            #expect(try connect() == .connected)
            let original = inode(path)
            var options = UnixSocketOptions()
            options.takesOver = true
            let second = try listen(options)
            #expect(inode(path) != original && names == ["broker.sock"])
            #expect(try connect() == .connected)
            #expect(try accepts(first) && !accepts(first))
            #expect(try accepts(second) && !accepts(second))
        }
    }

    @Test func `Something other than a socket is not taken over`() {
        with {
            close(open(path, O_WRONLY | O_CREAT, 0o600))
            var options = UnixSocketOptions()
            options.takesOver = true
            #expect(throws: SystemError(call: "bind", errno: EEXIST)) { _ = try listen(options) }
            #expect(names == ["broker.sock"])
        }
    }

    @Test func `A start that fails leaves the path and the folder as they were`() throws {
        try with {
            let first = try listen()
            let original = inode(path)
            var options = UnixSocketOptions()
            options.takesOver = true
            let name = try UnixSocketName(path, options: options)
            let second = try name.listen()
            #expect(names.count == 2 && inode(path) == original)
            name.discard()
            #expect(names == ["broker.sock"] && inode(path) == original)
            _ = consume first
            _ = consume second
        }
    }

    @Test func `A path that no socket can have is rejected`() throws {
        let name = try UnixSocketName("/" + String(repeating: "a", count: 106), options: UnixSocketOptions())
        #expect(throws: Never.self) { name.discard() }
        for path in ["/" + String(repeating: "a", count: 107), "/" + String(repeating: "a/", count: 53)] {
            #expect(throws: SystemError(call: "bind", errno: ENAMETOOLONG)) {
                _ = try UnixSocketName(path, options: UnixSocketOptions())
            }
        }
    }

    @Test func `The peer of a Unix socket is known, and that of another socket is not`() throws {
        try with {
            let listener = try listen()
            #expect(try connect() == .connected)
            let peer = try listener.accept()?.unixPeer
            #expect(peer == UnixPeer(process: getpid(), user: geteuid(), group: getegid()))
        }
        let loopback = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        let tcp = try Socket.listening(on: loopback)
        #expect(tcp.unixPeer == nil)
    }
}
