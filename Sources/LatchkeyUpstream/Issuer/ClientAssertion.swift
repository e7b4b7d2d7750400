internal import LatchkeyCore
internal import LatchkeyCrypto

/// A client assertion: the short-lived JSON Web Token with which a client authenticates instead of a secret (RFC 7523
/// §3).
struct ClientAssertion: Sendable {
    /// The value of `client_assertion_type` (RFC 7523 §2.2).
    static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// Seconds from `iat` to `exp`: enough for clocks that differ a little, too few for an attacker to use it.
    static let lifetime: Int64 = 60

    /// The secret is the private key in PEM.
    let credentials: ClientCredentials
    let audience: String
    /// The key's id at the issuer; nil if it has none.
    let keyID: String?

    /// The token in compact serialization (RFC 7515 §7.1).
    /// - Parameter id: `jti`, never used twice.
    func signed(now: WallTime, id: String) throws(IssuerError) -> String {
        let key: AssertionKey
        do throws(AssertionKeyError) {
            key = try AssertionKey(pem: credentials.clientSecret)
        } catch {
            throw .unusableKey(error)
        }
        var header: JSONObject = ["alg": .string(key.algorithm.rawValue), "typ": "JWT"]
        if let keyID { header["kid"] = .string(keyID) }
        let claims: JSON = [
            "iss": .string(credentials.clientID), "sub": .string(credentials.clientID), "aud": .string(audience),
            "jti": .string(id), "iat": .integer(now.seconds), "exp": .integer(now.seconds + Self.lifetime),
        ]
        let message = Base64.encodeURL(JSON.object(header).bytes()) + "." + Base64.encodeURL(claims.bytes())
        do throws(SigningError) {
            return message + "." + Base64.encodeURL(try key.sign(Array(message.utf8)))
        } catch {
            throw .unusableKey(.notAKey)
        }
    }
}
