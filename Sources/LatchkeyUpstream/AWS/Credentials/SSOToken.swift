internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// The access token that `aws sso login` leaves in its cache, and what renews it.
struct SingleSignOnToken: Sendable {
    /// Left to live when another is asked for (botocore, `_REFRESH_WINDOW`).
    static let window: Duration = .seconds(15 * 60)

    enum Step: Hashable, Sendable {
        case use
        /// Ask for another; where that fails this one does still.
        case renewOrUse
        case renew
        /// It has ended, and there is nothing to renew it with.
        case login
    }

    /// What asks for another token (RFC 6749 §6, with the client that the command line registered).
    struct Renewal: Sendable {
        let clientID: String
        let clientSecret: Secret
        let refreshToken: Secret
        /// The end of the client's registration.
        let until: WallTime
    }

    let accessToken: Secret
    let end: WallTime
    let renewal: Renewal?
    /// The file's members as they stand, so that writing it keeps what is not known here.
    private let members: JSONObject

    /// - Returns: nil where the file is none of the command line's.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSON(parsing: bytes), let members = json.object else { return nil }
        self.init(members)
    }

    private init?(_ members: JSONObject) {
        guard let token = members["accessToken"]?.string, !token.isEmpty,
            token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let end = members["expiresAt"]?.string.flatMap({ try? ExpirationTime.parse($0) })
        else { return nil }
        accessToken = Secret(token)
        self.end = end
        self.members = members
        if let id = members["clientId"]?.string, let secret = members["clientSecret"]?.string,
            let refresh = members["refreshToken"]?.string,
            let until = members["registrationExpiresAt"]?.string.flatMap({ try? ExpirationTime.parse($0) })
        {
            renewal = Renewal(
                clientID: id, clientSecret: Secret(secret), refreshToken: Secret(refresh), until: until)
        } else {
            renewal = nil
        }
    }

    /// - Parameters:
    ///   - now: AWS's wall clock.
    ///   - isRenewable: the profile names an `sso-session`.
    func step(_ now: WallTime, isRenewable: Bool) -> Step {
        let remaining = end - now
        let canRenew = isRenewable && renewal.map { $0.until > now } ?? false
        if remaining > Self.window { return .use }
        if canRenew { return remaining > .zero ? .renewOrUse : .renew }
        return remaining > .zero ? .use : .login
    }

    /// The request's body for another token (SSO OIDC API reference, CreateToken).
    static func body(of renewal: Renewal) -> [UInt8] {
        JSON.object([
            "grantType": "refresh_token", "clientId": .string(renewal.clientID),
            "clientSecret": .string(renewal.clientSecret.revealText() ?? ""),
            "refreshToken": .string(renewal.refreshToken.revealText() ?? ""),
        ]).bytes()
    }

    /// This token's successor by an answer of CreateToken; nil for an answer without one.
    /// - Parameter now: AWS's wall clock.
    func renewed(by answer: [UInt8], at now: WallTime) -> SingleSignOnToken? {
        guard let json = try? JSON(parsing: answer), let token = json["accessToken"]?.string,
            let seconds = json["expiresIn"]?.integer, (1...31_536_000).contains(seconds)
        else { return nil }
        var members = members
        members["accessToken"] = .string(token)
        members["expiresAt"] = .string(RFC3339.format(now + .seconds(seconds)))
        // The one before is good for nothing once another has come.
        if let refresh = json["refreshToken"]?.string { members["refreshToken"] = .string(refresh) }
        return SingleSignOnToken(members)
    }

    /// The file as it is to be written.
    var file: [UInt8] { JSON.object(members).bytes() }
}
