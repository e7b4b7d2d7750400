internal import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeyHTTP

/// The credentials that an OAuth client presents (RFC 6749 §2.3.1), not yet verified.
package enum OAuthClient: Sendable {
    /// No credentials.
    case absent
    /// An `Authorization` field of another scheme than Basic, or malformed Basic credentials.
    case unreadable
    /// Id and secret. Basic credentials can have two readings: see ``init(basic:)``.
    case presented([Credentials])

    package struct Credentials: Sendable {
        package let id: String
        package let secret: Secret

        init(id: String, secret: String) {
            self.id = id
            self.secret = Secret(secret)
        }
    }

    /// Credentials from the parameters `client_id` and `client_secret`. An id alone authenticates nobody.
    init(id: String?, secret: String?) {
        guard let id, let secret else {
            self = .absent
            return
        }
        self = .presented([Credentials(id: id, secret: secret)])
    }

    /// Reads `Authorization: Basic` (RFC 7617 §2); the scheme is case-insensitive.
    ///
    /// RFC 6749 §2.3.1 requires both halves to be form-encoded, but half of the client libraries do not do that. A
    /// base64 key may contain `+`, which form decoding turns into a space. So both readings are offered, the RFC's
    /// first.
    init(basic header: some Collection<UInt8>) {
        let halves = header.split(separator: UInt8(ascii: " "), maxSplits: 1)
        guard halves.count == 2, String(decoding: halves[0], as: UTF8.self).lowercased() == "basic",
            let pair = Base64.decode(String(decoding: halves[1].drop { $0 == 0x20 }, as: UTF8.self)),
            let colon = pair.firstIndex(of: UInt8(ascii: ":"))
        else {
            self = .unreadable
            return
        }
        let (id, secret) = (pair[..<colon], pair[(colon + 1)...])
        let encoded = id.contains(where: Self.isEncoding) || secret.contains(where: Self.isEncoding)
        var readings: [Credentials] = []
        if encoded, let id = PercentEncoding.decode(id, plusIsSpace: true),
            let secret = PercentEncoding.decode(secret, plusIsSpace: true)
        {
            readings.append(Credentials(id: id, secret: secret))
        }
        if let id = String(validating: id, as: UTF8.self), let secret = String(validating: secret, as: UTF8.self) {
            readings.append(Credentials(id: id, secret: secret))
        }
        self = readings.isEmpty ? .unreadable : .presented(readings)
    }

    /// Whether form decoding changes this byte.
    private static func isEncoding(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+") }
}
