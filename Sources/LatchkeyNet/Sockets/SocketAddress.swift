internal import CLinux
package import Glibc

/// The address that a socket listens at or connects to. Numeric addresses only; names are resolved elsewhere.
package enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// Four bytes in network order and the port.
    case ipv4(UInt32, port: UInt16)
    /// Sixteen bytes in network order, the port, and the interface index of a link-local address.
    case ipv6([UInt8], port: UInt16, scope: UInt32)
    /// A path in the file system.
    case unix(path: String)

    /// The address of an IPv4 or IPv6 literal and a port; nil if `host` is a name.
    package init?(literal host: String, port: UInt16) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, host, &four) == 1 {
            self = .ipv4(four.s_addr, port: port)
        } else if inet_pton(AF_INET6, host, &six) == 1 {
            self = .ipv6(withUnsafeBytes(of: six) { [UInt8]($0) }, port: port, scope: 0)
        } else {
            return nil
        }
    }

    /// An address from the kernel or the resolver; nil for another family.
    package init?(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            let four = raw.loadUnaligned(as: sockaddr_in.self)
            self = .ipv4(four.sin_addr.s_addr, port: UInt16(bigEndian: four.sin_port))
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            let six = raw.loadUnaligned(as: sockaddr_in6.self)
            let bytes = withUnsafeBytes(of: six.sin6_addr) { [UInt8]($0) }
            self = .ipv6(bytes, port: UInt16(bigEndian: six.sin6_port), scope: six.sin6_scope_id)
        case AF_UNIX:
            let offset = MemoryLayout<sa_family_t>.size
            let bytes = UnsafeRawBufferPointer(start: raw + offset, count: max(0, Int(length) - offset))
            self = .unix(path: String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
        default:
            return nil
        }
    }

    /// The address that a socket is bound to (getsockname(2)); nil for another family, or if it is not a socket.
    init?(boundTo descriptor: Int32) { self.init(of: descriptor, getsockname) }

    /// The address that a socket is connected to (getpeername(2)); nil if it is not connected.
    package init?(connectedTo descriptor: Int32) { self.init(of: descriptor, getpeername) }

    private init?(
        of descriptor: Int32,
        _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let found = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call(descriptor, $0, &length) == 0 ? SocketAddress($0, length: length) : nil
            }
        }
        guard let found else { return nil }
        self = found
    }

    /// The port; nil for a path.
    package var port: UInt16? {
        switch self {
        case .ipv4(_, let port), .ipv6(_, let port, _): port
        case .unix: nil
        }
    }

    /// Whether only this machine can reach the address: 127.0.0.0/8, ::1, or a path.
    package var isLoopback: Bool {
        switch self {
        case .ipv4(let address, _): UInt32(bigEndian: address) >> 24 == 127
        case .ipv6(let bytes, _, _): bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
        case .unix: true
        }
    }

    /// `127.0.0.1:8700`, `[::1]:8700` or `unix:/path`.
    package var description: String {
        switch self {
        case .ipv4(let address, let port):
            var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
            var four = in_addr(s_addr: address)
            inet_ntop(AF_INET, &four, &text, socklen_t(text.count))
            return "\(Self.string(text)):\(port)"
        case .ipv6(let bytes, let port, _):
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            _ = bytes.withUnsafeBytes { inet_ntop(AF_INET6, $0.baseAddress, &text, socklen_t(text.count)) }
            return "[\(Self.string(text))]:\(port)"
        case .unix(let path):
            return "unix:\(path)"
        }
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The socket family of the address.
    var family: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// Calls `body` with the address in the form that `bind` and `connect` take; nil if a path does not fit into
    /// `sun_path`.
    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result? {
        var storage = sockaddr_storage()
        guard let length = fill(&storage) else { return nil }
        return withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// The size of `sun_path`, the closing NUL included (unix(7)).
    private static let sunPathBytes = 108

    /// The most bytes in the path of a Unix socket.
    package static let maxPathBytes = sunPathBytes - 1

    private func fill(_ storage: inout sockaddr_storage) -> socklen_t? {
        withUnsafeMutableBytes(of: &storage) { raw in
            switch self {
            case .ipv4(let address, let port):
                var four = sockaddr_in()
                four.sin_family = sa_family_t(AF_INET)
                four.sin_port = port.bigEndian
                four.sin_addr.s_addr = address
                raw.storeBytes(of: four, as: sockaddr_in.self)
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            case .ipv6(let bytes, let port, let scope):
                var six = sockaddr_in6()
                six.sin6_family = sa_family_t(AF_INET6)
                six.sin6_port = port.bigEndian
                six.sin6_scope_id = scope
                withUnsafeMutableBytes(of: &six.sin6_addr) { $0.copyBytes(from: bytes.prefix(16)) }
                raw.storeBytes(of: six, as: sockaddr_in6.self)
                return socklen_t(MemoryLayout<sockaddr_in6>.size)
            case .unix(let path):
                let name = Array(path.utf8)
                let offset = MemoryLayout<sa_family_t>.size
                guard !name.isEmpty, name.count < Self.sunPathBytes, !name.contains(0) else { return nil }
                raw.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
                UnsafeMutableRawBufferPointer(rebasing: raw[offset...]).copyBytes(from: name)
                return socklen_t(offset + name.count + 1)
            }
        }
    }
}

extension SocketAddress {
    /// The same host with another port. A path is not changed.
    package func withPort(_ port: UInt16) -> SocketAddress {
        switch self {
        case .ipv4(let address, _): .ipv4(address, port: port)
        case .ipv6(let bytes, _, let scope): .ipv6(bytes, port: port, scope: scope)
        case .unix: self
        }
    }
}
