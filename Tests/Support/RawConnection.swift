internal import Glibc

/// A blocking client connection that sends and receives bytes as they are. Reads time out after five seconds.
package final class RawConnection: Sendable {
    private let descriptor: Int32

    /// Connects to a port on 127.0.0.1.
    package convenience init(port: UInt16) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        try self.init(AF_INET, &address)
    }

    /// Connects to a Unix socket.
    package convenience init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8.prefix($0.count - 1))) }
        try self.init(AF_UNIX, &address)
    }

    private init<Address>(_ family: Int32, _ address: UnsafePointer<Address>) throws {
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        let result = UnsafeRawPointer(address).withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
        }
        guard result == 0 else { throw Refused(errno: errno) }
        var timeout = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// The connection was refused or reset.
    package struct Refused: Error { package let errno: Int32 }

    /// Sends all of `text`; false if the connection is broken.
    @discardableResult
    package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var unsent = bytes[...]
        while !unsent.isEmpty {
            let count = unsent.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            unsent = unsent.dropFirst(count)
        }
        return true
    }

    /// Shuts down the sending direction.
    package func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Lets the connection end with a reset instead of an orderly close.
    package func resetOnClose() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }

    /// Reads until `end` was received, the peer has shut down, or a read timed out.
    package func read(until end: String) -> String {
        var bytes: [UInt8] = []
        let wanted = Array(end.utf8)
        while !bytes.suffix(wanted.count).elementsEqual(wanted), let more = chunk(), !more.isEmpty { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads until the peer has shut down; nil if it does not.
    package func readToEnd() -> String? {
        var bytes: [UInt8] = []
        while let more = chunk() {
            if more.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += more
        }
        return nil
    }

    /// The next bytes; empty after the peer has shut down; nil if the read timed out or the connection was reset.
    private func chunk() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : Array(buffer[..<count])
    }
}
