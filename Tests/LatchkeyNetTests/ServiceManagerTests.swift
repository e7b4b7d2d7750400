import Glibc
import LatchkeyNet
import Testing

@Suite struct ServiceManagerTests {
    /// The datagram socket of a service manager, at a path or in the abstract namespace.
    private final class Inbox {
        let name: String
        private let descriptor: Int32

        init(_ name: String) throws {
            self.name = name
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            var bytes = Array(name.utf8)
            if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            try #require(bound == 0)
        }

        deinit {
            close(descriptor)
            if name.hasPrefix("/") { unlink(name) }
        }

        /// The next message; nil if there is none.
        func next() -> String? {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    private static let number = UInt64.random(in: 0 ... .max)

    private func manager(_ environment: [String: String]) throws -> ServiceManager? {
        try ServiceManager(environment: environment, process: 4711)
    }

    @Test(arguments: ["/tmp/latchkey-notify-\(number)", "@latchkey-notify-\(number)"])
    func `Messages arrive at a path and in the abstract namespace`(name: String) throws {
        let inbox = try Inbox(name)
        let manager = try #require(try manager(["NOTIFY_SOCKET": name]))
        try manager.notify(.ready(status: "listening on\n127.0.0.1:8700"))
        #expect(inbox.next() == "READY=1\nSTATUS=listening on 127.0.0.1:8700")
        try manager.notify(.status("3 of 4"))
        #expect(inbox.next() == "STATUS=3 of 4")
        try manager.notify(.watchdog)
        #expect(inbox.next() == "WATCHDOG=1")
        try manager.notify(.stopping(status: "finishing requests"))
        #expect(inbox.next() == "STOPPING=1\nSTATUS=finishing requests")
        try manager.notify(.reloading)
        let reload = try #require(inbox.next())
        #expect(reload.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let sent = try #require(reload.split(separator: "=").last.flatMap { Int(String($0)) })
        #expect((0...1_000_000 * 60).contains(now.tv_sec * 1_000_000 + now.tv_nsec / 1000 - sent))
        #expect(inbox.next() == nil)
    }

    @Test func `Without a socket there is no service manager`() throws {
        #expect(try manager([:]) == nil)
        #expect(try manager(["NOTIFY_SOCKET": ""]) == nil)
    }

    @Test(arguments: ["relative", "/", "@", "vsock:2:1", "/" + String(repeating: "a", count: 107)])
    func `An address that is no Unix socket is an error`(name: String) {
        #expect(throws: SystemError(call: "NOTIFY_SOCKET", errno: EINVAL)) {
            _ = try manager(["NOTIFY_SOCKET": name])
        }
    }

    @Test func `A message that nobody receives is an error`() throws {
        let manager = try #require(try manager(["NOTIFY_SOCKET": "/tmp/latchkey-nobody-\(Self.number)"]))
        #expect(throws: SystemError(call: "sendto", errno: ENOENT)) { try manager.notify(.watchdog) }
    }

    @Test(
        arguments: [
            (["WATCHDOG_USEC": "3000000"], .seconds(3)),
            (["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "4711"], .seconds(3)),
            (["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "4712"], nil), (["WATCHDOG_USEC": "0"], nil),
            (["WATCHDOG_USEC": "-1"], nil), (["WATCHDOG_USEC": "soon"], nil), ([:], nil),
        ] as [([String: String], Duration?)])
    func `The watchdog is for the process that it names`(environment: [String: String], timeout: Duration?) throws {
        let all = environment.merging(["NOTIFY_SOCKET": "@latchkey"]) { $1 }
        #expect(try #require(try manager(all)).watchdogTimeout == timeout)
    }
}
