internal import Glibc

/// The service manager that started the process, and the messages to it (sd_notify(3)).
///
/// `NOTIFY_SOCKET` is the address of its datagram socket: a path, or a name in the abstract namespace after `@`
/// (unix(7)). The socket is opened at the start, because a confined process may not open one later.
package final class ServiceManager: Sendable {
    /// What the process reports.
    package enum State: Hashable, Sendable {
        /// The process serves requests: after the start, and at the end of a reload.
        case ready(status: String)
        /// A reload begins. ``ready(status:)`` ends it.
        case reloading
        /// The process stops.
        case stopping(status: String)
        /// One line that describes what the process does.
        case status(String)
        /// All event loops are running.
        case watchdog

        /// The lines of the message.
        ///
        /// - Parameter microseconds: the time on `CLOCK_MONOTONIC`, for a reload (systemd.service(5), `notify-reload`).
        func text(at microseconds: Int64) -> String {
            switch self {
            case .ready(let status): "READY=1\nSTATUS=\(Self.line(status))"
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(microseconds)"
            case .stopping(let status): "STOPPING=1\nSTATUS=\(Self.line(status))"
            case .status(let text): "STATUS=\(Self.line(text))"
            case .watchdog: "WATCHDOG=1"
            }
        }

        /// The most bytes of a status.
        private static let maxStatusBytes = 1024

        /// A line end would start another field of the message.
        private static func line(_ text: String) -> String {
            String(decoding: text.utf8.prefix(maxStatusBytes).map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self)
        }
    }

    /// The most milliseconds to wait for room in the socket of the service manager.
    private static let sendTimeout = 1000

    /// The time within which the service manager expects each ``State/watchdog``; nil without a watchdog.
    package let watchdogTimeout: Duration?
    private let socket: Socket
    private let address: [UInt8]

    /// - Parameters:
    ///   - environment: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    ///   - process: the id of this process.
    /// - Returns: nil if no service manager waits for messages.
    /// - Throws: if the address is not usable, or no descriptor is left for the socket.
    package convenience init?(environment: [String: String], process: Int32) throws(SystemError) {
        guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else { return nil }
        try self.init(
            name: name, watchdogTimeout: Self.watchdogTimeout(environment: environment, process: process))
    }

    private init(name: String, watchdogTimeout: Duration?) throws(SystemError) {
        self.watchdogTimeout = watchdogTimeout
        var bytes = Array(name.utf8)
        guard let first = bytes.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"),
            (2...SocketAddress.maxPathBytes).contains(bytes.count), !bytes.contains(0)
        else { throw SystemError(call: "NOTIFY_SOCKET", errno: EINVAL) }
        if first == UInt8(ascii: "@") { bytes[0] = 0 }
        address = bytes
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { throw .last("socket") }
        socket = Socket(owning: descriptor)
        var timeout = timeval(tv_sec: Self.sendTimeout / 1000, tv_usec: Self.sendTimeout % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    /// `WATCHDOG_USEC`, if it is meant for this process (sd_watchdog_enabled(3)).
    private static func watchdogTimeout(environment: [String: String], process: Int32) -> Duration? {
        guard let text = environment["WATCHDOG_USEC"], let microseconds = Int64(text), microseconds > 0 else {
            return nil
        }
        if let owner = environment["WATCHDOG_PID"], Int32(owner) != process { return nil }
        return .microseconds(microseconds)
    }

    /// Sends a message. Waits up to a second if the service manager reads none, so it must not be called on an event
    /// loop.
    ///
    /// - Throws: the error of sendto(2).
    package func notify(_ state: State) throws(SystemError) {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let message = Array(state.text(at: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000).utf8)
        var destination = sockaddr_un()
        destination.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &destination.sun_path) { $0.copyBytes(from: address) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + address.count)
        let sent = withUnsafePointer(to: &destination) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket.descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
        if sent < 0 { throw .last("sendto") }
    }
}
