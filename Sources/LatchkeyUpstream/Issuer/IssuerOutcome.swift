internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// The meaning of one response of a token endpoint. Pure.
enum IssuerOutcome {
    case issued(TokenResponse)
    /// Another attempt would fail in the same way.
    case refused(IssuerError)
    /// Another attempt may succeed, but not before the time that the issuer asked for.
    case transient(IssuerError, notBefore: Duration?)

    /// - Parameters:
    ///   - quota: from the same response.
    ///   - policy: what the profile accepts beyond RFC 6749.
    ///   - now: our wall clock, used for a response without a `Date`.
    init(_ response: HTTPResponse, quota: IssuerQuota, policy: TokenResponsePolicy, now: WallTime) {
        let hint = RetryHint(response.fields, quota: quota, now: now)
        switch response.status {
        case let status where policy.accepts(status: status): self = Self.token(response, quota, policy)
        case 300...399: self = .refused(.invalid(.redirect))
        case 429: self = .refused(.throttled(retryAfter: hint.throttleWait))
        case 408, 425: self = Self.unavailable(response.status, hint)
        case 400...499: self = .refused(.denied(code: Self.errorCode(response)))
        case 500...599 where Self.isGlobalLimit(response):
            self = .refused(.throttled(retryAfter: hint.throttleWait))
        case 500...599: self = Self.unavailable(response.status, hint)
        default: self = .refused(.invalid(.unexpectedStatus))
        }
    }

    /// The meaning of a request without a response.
    init(_ error: HTTPClientError) {
        if error == .timedOut {
            self = .refused(.timedOut)
        } else if IssuerRetry.isTransient(error) {
            self = .transient(.transport(error), notBefore: nil)
        } else {
            self = .refused(.transport(error))
        }
    }

    /// Nil for a token.
    var error: IssuerError? {
        switch self {
        case .issued: nil
        case .refused(let error), .transient(let error, _): error
        }
    }

    /// `Retry-After` applies to the attempts of this call and to later calls.
    private static func unavailable(_ status: Int, _ hint: RetryHint) -> IssuerOutcome {
        .transient(.unavailable(status: status, retryAfter: hint.retryAfter), notBefore: hint.retryAfter)
    }

    // MARK: - Tokens

    /// A 200 with an empty or unreadable body can be transient (a proxy that restarts), so it is worth another attempt.
    /// A JSON response with wrong members is not.
    private static func token(
        _ response: HTTPResponse, _ quota: IssuerQuota, _ policy: TokenResponsePolicy
    ) -> IssuerOutcome {
        guard !response.body.isEmpty else { return .transient(.invalid(.emptyBody), notBefore: nil) }
        let object: JSON
        do throws(JSONError) {
            object = try JSON(parsing: response.body, limits: .document.refusingDuplicates)
        } catch {
            guard error.reason == .duplicateName else { return .transient(.invalid(.notJSON), notBefore: nil) }
            return .refused(.invalid(repeatedMember(at: error.offset, in: response.body)))
        }
        guard object.object != nil else { return .transient(.invalid(.notJSON), notBefore: nil) }
        guard let value = object["access_token"]?.string, AccessTokenLimits.isWellFormed(value.utf8) else {
            return .refused(.invalid(.accessToken))
        }
        guard accepts(object["token_type"], policy) else { return .refused(.invalid(.tokenType)) }
        let lifetime: Duration?
        switch TokenLifetime.read(object["expires_in"]) {
        case .absent: lifetime = nil
        case .valid(let duration): lifetime = duration
        case .invalid: return .refused(.invalid(.expiresIn))
        }
        return .issued(
            TokenResponse(
                value: Secret(value), tokenType: "Bearer", expiresIn: lifetime, scope: scope(object["scope"]),
                conserveQuotaFor: quota.conserveFor))
    }

    private static func accepts(_ tokenType: JSON?, _ policy: TokenResponsePolicy) -> Bool {
        switch tokenType {
        case nil, .null: policy.accepts(tokenType: nil)
        case let value?: value.string.map { policy.accepts(tokenType: $0) } ?? false
        }
    }

    /// Which member occurs twice. RFC 6749 §3.2 forbids that, and which of the two values is meant is unknown.
    ///
    /// - Parameter offset: of the second name.
    private static func repeatedMember(at offset: Int, in body: [UInt8]) -> IssuerError.InvalidResponse {
        let members: [IssuerError.InvalidResponse] = [.accessToken, .tokenType, .expiresIn]
        return members.first { body[offset...].starts(with: "\"\($0.code.rawValue)\"".utf8) } ?? .repeatedMember
    }

    /// A scope as RFC 6749 §3.3 defines it, up to 4 KiB. Any other value is dropped, because nothing depends on it.
    private static func scope(_ value: JSON?) -> String? {
        guard let text = value?.string, (1...4096).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        else { return nil }
        return text
    }

    // MARK: - Errors

    /// The `error` member if it consists of up to 48 lower-case letters and underscores, else `http_<status>`. The code
    /// appears in logs and responses, so that nothing else of the issuer's text may be passed on.
    private static func errorCode(_ response: HTTPResponse) -> String {
        guard let code = (try? JSON(parsing: response.body))?["error"]?.string, (1...48).contains(code.utf8.count),
            code.utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") })
        else { return "http_\(response.status)" }
        return code
    }

    /// Auth0 has answered its global rate limit with status 500 and this text instead of 429.
    private static func isGlobalLimit(_ response: HTTPResponse) -> Bool {
        guard let object = try? JSON(parsing: response.body),
            object["error"]?.string?.hasSameBytes(as: "access_denied") ?? false
        else { return false }
        return object["error_description"]?.string?.contains("Global limit has been reached") ?? false
    }
}
