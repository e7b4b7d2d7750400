internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP

/// The access token that `aws sso login` leaves in its cache, and what is needed to refresh it.
struct SSOToken: Sendable {
    /// The time before its expiration in which a token is refreshed (botocore, `_REFRESH_WINDOW`).
    static let refreshWindow: Duration = .seconds(15 * 60)
    /// The lifetimes of a refreshed token that are accepted, in seconds: up to a year.
    private static let lifetimes: ClosedRange<Int64> = 1...31_536_000

    enum Step: Hashable, Sendable {
        case use
        /// Refresh the token; if that fails, use it.
        case refreshOrUse
        case refresh
        /// The token has expired and cannot be refreshed: the user must log in.
        case login
    }

    /// The request for another token (RFC 6749 §6), by the client that the AWS CLI registered.
    struct Refresh: Sendable {
        let clientID: String
        let clientSecret: Secret
        let refreshToken: Secret
        /// When the client's registration expires.
        let registrationExpiration: WallTime

        /// The body of a CreateToken request (SSO OIDC API Reference).
        var body: [UInt8] {
            JSON.object([
                "grantType": "refresh_token", "clientId": .string(clientID),
                "clientSecret": .string(clientSecret.revealText() ?? ""),
                "refreshToken": .string(refreshToken.revealText() ?? ""),
            ]).bytes()
        }
    }

    let accessToken: Secret
    let expiration: WallTime
    /// Nil if the file does not say how to refresh the token.
    let refresh: Refresh?
    /// All members of the file, so that writing it keeps those that are unknown here.
    private let members: JSONObject

    /// - Returns: nil if the file is not one of the AWS CLI.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSON(parsing: bytes), let members = json.object else { return nil }
        self.init(members)
    }

    private init?(_ members: JSONObject) {
        guard let token = members["accessToken"]?.string, !token.isEmpty, token.utf8.allSatisfy(ASCII.isVisible),
            let expiration = Self.time(members["expiresAt"])
        else { return nil }
        accessToken = Secret(token)
        self.expiration = expiration
        self.members = members
        if let id = members["clientId"]?.string, let secret = members["clientSecret"]?.string,
            let refreshToken = members["refreshToken"]?.string,
            let registrationExpiration = Self.time(members["registrationExpiresAt"])
        {
            refresh = Refresh(
                clientID: id, clientSecret: Secret(secret), refreshToken: Secret(refreshToken),
                registrationExpiration: registrationExpiration)
        } else {
            refresh = nil
        }
    }

    private static func time(_ value: JSON?) -> WallTime? { value?.string.flatMap { try? ExpirationTime.parse($0) } }

    /// - Parameters:
    ///   - now: AWS's time.
    ///   - isRefreshable: the profile names an `sso-session`.
    func step(_ now: WallTime, isRefreshable: Bool) -> Step {
        let remaining = expiration - now
        let canRefresh = isRefreshable && refresh.map { $0.registrationExpiration > now } ?? false
        if remaining > Self.refreshWindow { return .use }
        if canRefresh { return remaining > .zero ? .refreshOrUse : .refresh }
        return remaining > .zero ? .use : .login
    }

    /// The new token of a CreateToken response; nil if the response has none.
    /// - Parameter now: AWS's time.
    func refreshed(by response: [UInt8], at now: WallTime) -> SSOToken? {
        guard let json = try? JSON(parsing: response), let token = json["accessToken"]?.string,
            let seconds = json["expiresIn"]?.integer, Self.lifetimes.contains(seconds)
        else { return nil }
        var members = members
        members["accessToken"] = .string(token)
        members["expiresAt"] = .string(RFC3339.format(now + .seconds(seconds)))
        // A refresh token can be used once.
        if let refreshToken = json["refreshToken"]?.string { members["refreshToken"] = .string(refreshToken) }
        return SSOToken(members)
    }

    /// The content of the file to write.
    var file: [UInt8] { JSON.object(members).bytes() }
}
