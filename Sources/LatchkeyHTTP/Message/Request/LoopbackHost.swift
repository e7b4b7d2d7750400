internal import LatchkeyCore

/// The values of `Host` that stand for this machine whatever a name server answers.
///
/// A page of a browser can have its own host name resolved to a loopback address (DNS rebinding). Its requests then reach a
/// loopback listener, with that name in `Host`.
package enum LoopbackHost {
    /// Whether `host`, with or without a port, is `localhost` (RFC 6761 §6.3), an address in 127.0.0.0/8, or `[::1]`.
    ///
    /// - Parameter host: the value of a `Host` field.
    package static func contains(_ host: UnsafeRawBufferPointer) -> Bool {
        let name = name(host)
        if Grammar.equals(name, folded: "localhost") || Grammar.equals(name, "[::1]") { return true }
        let parts = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].elementsEqual("127".utf8) else { return false }
        return parts.allSatisfy { part in
            guard part.count <= 3 else { return false }
            return Grammar.decimal(UnsafeRawBufferPointer(rebasing: part)).map { $0 <= 255 } ?? false
        }
    }

    /// The host without its port.
    private static func name(_ host: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let colon = host.lastIndex(of: UInt8(ascii: ":")), host.last != UInt8(ascii: "]") else { return host }
        return UnsafeRawBufferPointer(rebasing: host[..<colon])
    }
}
