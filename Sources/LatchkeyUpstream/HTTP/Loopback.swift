internal import LatchkeyCore

/// Hosts that are this machine by their spelling alone. Names are never looked up.
enum Loopback {
    /// Whether `host`, in lower case, is `localhost` (RFC 6761 §6.3), ::1 (RFC 4291 §2.5.3) or in 127.0.0.0/8
    /// (RFC 1122 §3.2.1.3).
    static func contains(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets[0] == "127"
            && octets.allSatisfy { $0.utf8.allSatisfy(ASCII.isDigit) && UInt8($0) != nil }
    }
}
