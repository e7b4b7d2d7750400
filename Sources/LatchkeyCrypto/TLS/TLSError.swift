internal import COpenSSL

/// Why a TLS session cannot be made or has failed.
package enum TLSError: Error, Hashable, Sendable {
    /// The trust file, certificate or key cannot be loaded.
    case unusableFile(path: String)
    /// The peer's certificate is not valid, with libcrypto's reason, such as `certificate has expired`.
    case certificate(reason: String)
    /// Another failure of the protocol, with libssl's reason.
    case failed(reason: String)
}

extension TLSError {
    /// The reason alone, for messages.
    package var reason: String {
        switch self {
        case .unusableFile(let path): "cannot use \(path)"
        case .certificate(let reason), .failed(let reason): reason
        }
    }

    /// libssl's latest reason on this thread. Clears the error queue, so that a later failure does not report it again.
    static func lastReason() -> String {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else { return "protocol failure" }
        return String(cString: reason)
    }
}
