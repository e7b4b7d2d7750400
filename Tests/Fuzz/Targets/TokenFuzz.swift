internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto

/// Fuzzes the readers of key sets and tokens: the input is a key set, a zero byte and a token. An accepted token has one
/// text, and the verdict does not depend on what was verified before.
enum TokenFuzz {
    private static let issuers: [JWTIssuer.Identity] = [
        .issuer("https://issuer.example"), .issuer("https://other.example"), .trustDomain("house.example"),
    ]
    /// The time for which the seeds were made.
    private static let now = WallTime(seconds: 1_800_000_000)

    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let keys = try? JSONWebKeySet(parts[0])
        if let keys {
            let count = keys.keys.count + keys.skipped
            try require((1...JSONWebKeySet.maxKeys).contains(count), "a set has a limited number of keys")
        }
        guard parts.count == 2 else { return }
        let token = Array(parts[1])
        let sets = issuers.map { identity in
            IssuerKeySet(JWTIssuer(identity, keys: .file("/jwks"), audience: "latchkey"), keys: keys)
        }
        let verifier = JWTVerifier(sets)
        let first = verdict(token, verifier)
        try require(first == verdict(token, verifier), "the second verdict is that of the first")
        try require(first == verdict(token, JWTVerifier(sets)), "every worker has the same verdict")
        guard case .verified(let verified) = first else { return }
        try require(keys != nil && token.count <= JWTVerifier.maxTokenBytes, "an accepted token is short and has a key")
        try require(!verified.subject.text.isEmpty, "an accepted token has a subject")
        let texts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        let isCanonical = texts.allSatisfy { text in
            Base64.decodeURL(text).map { Base64.encodeURL($0) == text } ?? false
        }
        try require(texts.count == 3 && isCanonical, "an accepted token has exactly one text")
    }

    private static func verdict(_ token: [UInt8], _ verifier: JWTVerifier) -> JWTVerdict {
        token.withUnsafeBytes { verifier.verify($0, at: now) }
    }
}
