/// Latchkey's own error codes. `last_error`, `write_error`, `upstream_code` and `X-Latchkey-Refresh-Error` hold one of
/// these, or a code of AWS or of an issuer.
///
/// This is the only list. A test compares the table in Operations.md with it. `<…>` in a raw value stands for a number.
package enum FaultCode: String, CaseIterable, Sendable {
    // Missing preconditions.
    case noCredentials = "no_credentials"
    case privateKey = "private_key"
    case backendUnknown = "backend_unknown"
    case unknownBackend = "unknown_backend"
    case absent
    case storeNotInUse = "store_not_in_use"
    case notReady = "not_ready"

    // The connection to an upstream.
    case nameNotResolved = "name_not_resolved"
    case connectFailed = "connect_failed"
    case connectTimedOut = "connect_timed_out"
    case tlsFailed = "tls_failed"
    case timedOut = "timed_out"
    case closedBeforeResponse = "closed_before_response"
    case truncated
    case malformedHTTP = "malformed_http"
    case tooLarge = "too_large"
    case unexpectedEncoding = "unexpected_encoding"
    case shutDown = "shut_down"
    case proxyNameNotResolved = "proxy_name_not_resolved"
    case proxyConnectFailed = "proxy_connect_failed"
    case proxyConnectTimedOut = "proxy_connect_timed_out"
    case proxyTLSFailed = "proxy_tls_failed"
    case proxyTimedOut = "proxy_timed_out"
    case proxyClosed = "proxy_closed"
    case proxyMalformedHTTP = "proxy_malformed_http"
    case proxyStatus = "proxy_http_<status>"

    // A response that has no code of its own.
    case status = "http_<status>"
    case denied
    case refused
    case throttled
    case unavailable
    case invalid
    case notFound = "not_found"

    // An issuer's response that holds no usable token.
    case emptyBody = "empty_body"
    case notJSON = "not_json"
    case accessToken = "access_token"
    case tokenType = "token_type"
    case expiresIn = "expires_in"
    case repeatedMember = "repeated_member"
    case redirect
    case unexpectedStatus = "unexpected_status"

    // Stored values.
    case blobNotJSON = "secrets_not_json_at_byte_<n>"
    case blobPastLimits = "secrets_past_json_limits_at_byte_<n>"
    case blobNotAnObject = "secrets_not_a_json_object"
    case valueNotJSON = "value_not_json_at_byte_<n>"
    case valuePastLimits = "value_past_json_limits_at_byte_<n>"
    case tokenTooLarge = "token_too_large"

    // Latchkey's own limits.
    case localRateLimit = "LocalRateLimit"
    case issueBudget = "issue_budget"
    case issuerQuotaLow = "issuer_quota_low"
    case refreshFloor = "refresh_floor"
    case rejectionFloor = "rejection_floor"
    case refreshElsewhere = "refresh_elsewhere"
    case issuerBackoff = "fleet_rests"
    case profileChanged = "profile_changed"
    case overloaded

    /// The entry that `code` belongs to; nil for a code of AWS or an issuer, and for the name of a setting.
    package init?(of code: String) {
        if let exact = FaultCode(rawValue: code) {
            self = exact
            return
        }
        let numbered = Self.allCases.first { entry in
            guard let start = entry.rawValue.utf8.firstIndex(of: UInt8(ascii: "<")) else { return false }
            let prefix = entry.rawValue.utf8[..<start]
            let number = code.utf8.dropFirst(prefix.count)
            return code.utf8.starts(with: prefix) && !number.isEmpty && number.allSatisfy(ASCII.isDigit)
        }
        guard let numbered else { return nil }
        self = numbered
    }
}
