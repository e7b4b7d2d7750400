internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// What one response of a token endpoint means. Pure: bytes and a clock reading in, a verdict out.
enum IssuerAnswer {
    case issued(IssuedToken)
    /// Asking again at once would give the same.
    case refused(IssuerError)
    /// May be better the next time, but not before so long where the issuer said.
    case transient(IssuerError, notBefore: Duration?)

    /// - Parameters:
    ///   - allowance: what the profile takes beyond RFC 6749.
    ///   - now: this machine's clock, used for dates where the response has no `Date` of its own.
    init(_ response: HTTPResponse, allowance: AnswerAllowance, now: WallTime) {
        let wait = RetryHint(response.fields, now: now)
        switch response.status {
        case let status where allowance.takes(status: status): self = Self.token(response, allowance, now)
        case 300...399: self = .refused(.invalid(.redirect))
        case 429: self = .refused(.throttled(retryAfter: wait.longest))
        case 408, 425: self = Self.unavailable(response.status, wait)
        case 400...499: self = .refused(.denied(code: Self.errorCode(response)))
        case 500...599 where Self.isGlobalLimit(response):
            self = .refused(.throttled(retryAfter: wait.longest))
        case 500...599: self = Self.unavailable(response.status, wait)
        default: self = .refused(.invalid(.status))
        }
    }

    /// The wait the issuer asked for holds for the attempts of this call, and for the calls after it.
    private static func unavailable(_ status: Int, _ wait: RetryHint) -> IssuerAnswer {
        .transient(.unavailable(status: status, retryAfter: wait.retryAfter), notBefore: wait.retryAfter)
    }

    // MARK: - A token

    /// An empty or unreadable 200 has been seen to pass by itself (a proxy restarting), so it is worth another
    /// attempt; a JSON answer with the wrong members is not.
    private static func token(
        _ response: HTTPResponse, _ allowance: AnswerAllowance, _ now: WallTime
    ) -> IssuerAnswer {
        guard !response.body.isEmpty else { return .transient(.invalid(.emptyBody), notBefore: nil) }
        let object: JSON
        do throws(JSONError) {
            object = try JSON(parsing: response.body, limits: .document.refusingDuplicates)
        } catch {
            guard error.reason == .duplicateName else { return .transient(.invalid(.notJSON), notBefore: nil) }
            return .refused(.invalid(repeated(at: error.offset, in: response.body)))
        }
        guard object.object != nil else { return .transient(.invalid(.notJSON), notBefore: nil) }
        guard let value = object["access_token"]?.string, isToken(value) else {
            return .refused(.invalid(.accessToken))
        }
        guard takes(object["token_type"], allowance) else { return .refused(.invalid(.tokenType)) }
        let lifetime: Duration?
        switch TokenLifetime.read(object["expires_in"]) {
        case .absent: lifetime = nil
        case .lasting(let duration): lifetime = duration
        case .invalid: return .refused(.invalid(.expiresIn))
        }
        return .issued(
            IssuedToken(
                value: Secret(value), expiresIn: lifetime, scope: scope(object["scope"]),
                quota: IssuerQuota(response.fields, now: now)))
    }

    /// Visible ASCII (RFC 6749 appendix A.12), the blank aside: a token is one word of a header (RFC 9110 §5.5).
    private static func isToken(_ text: String) -> Bool {
        (1...IssuedToken.longest).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func takes(_ tokenType: JSON?, _ allowance: AnswerAllowance) -> Bool {
        switch tokenType {
        case nil, .null: allowance.takes(tokenType: nil)
        case let value?: value.string.map { allowance.takes(tokenType: $0) } ?? false
        }
    }

    /// Which member stands twice: RFC 6749 §3.2 wants each once, and which of two is meant cannot be told.
    ///
    /// - Parameter offset: of the second one's name.
    private static func repeated(at offset: Int, in body: [UInt8]) -> IssuerError.InvalidAnswer {
        let members: [IssuerError.InvalidAnswer] = [.accessToken, .tokenType, .expiresIn]
        return members.first { body[offset...].starts(with: "\"\($0.rawValue)\"".utf8) } ?? .repeatedMember
    }

    /// A scope as RFC 6749 §3.3 writes it, up to 4 KiB; anything else is left out, since nothing depends on it.
    private static func scope(_ value: JSON?) -> String? {
        guard let text = value?.string, (1...4096).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        else { return nil }
        return text
    }

    // MARK: - An error

    /// The `error` member if it is a short token of lower-case letters and underscores, else `http_<status>`: what
    /// an issuer writes ends in logs and answers, so nothing longer or stranger is passed on.
    private static func errorCode(_ response: HTTPResponse) -> String {
        guard let code = (try? JSON(parsing: response.body))?["error"]?.string, (1...48).contains(code.utf8.count),
            code.utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") })
        else { return "http_\(response.status)" }
        return code
    }

    /// Auth0 has been seen to answer its global rate limit with 500 and this text instead of 429.
    private static func isGlobalLimit(_ response: HTTPResponse) -> Bool {
        guard let object = try? JSON(parsing: response.body),
            object["error"]?.string?.hasSameBytes(as: "access_denied") ?? false
        else { return false }
        return object["error_description"]?.string?.contains("Global limit has been reached") ?? false
    }
}
