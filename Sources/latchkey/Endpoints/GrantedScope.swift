internal import LatchkeyCore
package import LatchkeyCrypto

/// What a token allows at its resource server, as far as it can be known here.
package struct GrantedScope: Hashable, Sendable {
    /// Nil where neither the issuer nor the token says.
    private let granted: Set<String>?

    /// - Parameters:
    ///   - said: the issuer's `scope` (RFC 6749 §5.1); nil when it said none, or when the token came from a shared tier.
    ///   - token: asked where the issuer was silent. A JSON Web Token may have the claim `scope` (RFC 9068 §2.2.3) or
    ///     `scp`, a string or an array, as Okta and Entra write it. Its signature is not checked: what it says is used
    ///     to refuse and never to allow.
    package init(said: String?, token: Secret) {
        if let said {
            granted = Self.tokens(said)
        } else {
            granted = Self.claimed(by: token)
        }
    }

    /// Whether nothing in `wanted` is known to be missing.
    ///
    /// A cached token is as it is: it cannot be narrowed, and where its scope is unknown there is nothing to judge by.
    package func includes(_ wanted: [String]) -> Bool {
        guard let granted else { return true }
        return wanted.allSatisfy(granted.contains)
    }

    private static func claimed(by token: Secret) -> Set<String>? {
        let parts = token.revealText()?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard parts.count == 3, let payload = Base64.decodeURL(parts[1]), let claims = try? JSON(parsing: payload)
        else { return nil }
        switch claims["scope"] ?? claims["scp"] {
        case .string(let text): return tokens(text)
        case .array(let values): return Set(values.compactMap(\.string))
        default: return nil
        }
    }

    private static func tokens(_ text: String) -> Set<String> {
        Set(text.split(separator: " ").map { String($0) })
    }
}
