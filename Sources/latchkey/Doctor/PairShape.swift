package import LatchkeyBroker
package import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeyMetrics

/// Checks the form of a shared token pair: the token and its expiry in milliseconds since the epoch
/// (<doc:ParameterLayout>). Pure; reports nothing about the token.
package struct PairShape: Sendable {
    /// The name of the token's parameter or of the table's item.
    package let name: String
    package let token: Secret?
    package let expires: String?

    package init(name: String, token: Secret?, expires: String?) {
        self.name = name
        self.token = token
        self.expires = expires
    }

    /// Seconds since the epoch have ten digits until the year 2286; milliseconds have had thirteen since 2001.
    private static func isSeconds(_ text: String) -> Bool {
        (9...10).contains(text.utf8.count) && text.utf8.allSatisfy(ASCII.isDigit)
    }

    /// - Parameter buffer: `LATCHKEY_TOKEN_EXPIRY_BUFFER`, because the stored expiry is earlier by it.
    package func finding(now: Now, buffer: ExpiryBuffer) -> Finding {
        guard let token else {
            guard expires == nil else {
                return .warning(
                    .tokens, name,
                    "is missing, but its expiry exists: a writer stopped between its two writes, or one was deleted",
                    remedy: "nothing: the next token is written over both")
            }
            return .fine(.tokens, name, "not there yet: the first token makes it")
        }
        let expires = expires ?? ""
        if Self.isSeconds(expires) {
            return .problem(
                exit: .failed, .tokens, name, "its expiry is in seconds, but must be in milliseconds since the epoch",
                remedy:
                    "find the application that writes it so (Date.now(), not divided by 1000); the broker writes over it"
            )
        }
        let pair = StoredToken(token: token, expires: expires)
        switch pair.validity(from: .parameterStore, now: now, buffer: buffer) {
        case .usable(let token): return .fine(.tokens, name, "a token that lasts \(token.expiresIn(now)) s")
        case .expired: return .fine(.tokens, name, "an expired token: it is replaced at the next request")
        case .absent where expires.isEmpty && !token.withBytes({ $0.elementsEqual("placeholder".utf8) }):
            return .warning(
                .tokens, name, "has no expiry: a writer stopped between its two writes, or one was deleted",
                remedy: "nothing: the next token is written over both")
        case .absent: return .fine(.tokens, name, "a placeholder: the first token is written over it")
        case .corrupt(let why):
            return .problem(
                exit: .failed, .tokens, name, "is no pair: \(why)",
                remedy: "find who else writes below auth0-cache/; the broker writes over it")
        }
    }
}
