package import LatchkeyCore
internal import LatchkeyCrypto

/// Verifies JSON Web Tokens against the key sets of the trusted issuers. Pure: it reads no clock and no file.
///
/// libcrypto's keys in it are confined to one thread, so each worker has its own (``LiveKeySets``). A signature is verified
/// once for each token: the verified ones are remembered by their SHA-256.
package final class JWTVerifier {
    /// The most bytes of a token.
    package static let maxTokenBytes = 8 << 10
    /// How far clocks may differ when `exp` and `nbf` are judged.
    package static let leeway: Duration = .seconds(60)
    /// The most verified tokens that are remembered. An entry takes about 300 bytes.
    package static let maxRemembered = 1_024
    static let jsonLimits = JSONLimits.request.refusingDuplicates

    private struct Entry {
        let issuer: JWTIssuer
        /// Nil before the first key set.
        let keys: [(source: JSONWebKey, key: PublicKey)]?

        /// The key that must have signed a token: the one with its `kid`, or the only one of its algorithm.
        func key(for header: JWTHeader) throws(JWTRejection) -> (source: JSONWebKey, key: PublicKey) {
            guard let keys else { throw .keysUnread }
            let named = header.keyID.map { identifier in keys.filter { $0.source.keyID == identifier } } ?? keys
            let fitting = named.filter { $0.key.algorithm == header.algorithm }
            guard let key = fitting.first else { throw named.isEmpty ? .keyUnknown : .algorithm }
            guard fitting.count == 1 else { throw .keyUnknown }
            return key
        }
    }

    private let entries: [Entry]
    private var verified = LeastRecentlyUsed<Digest, VerifiedJWT>(maxCount: JWTVerifier.maxRemembered)

    /// - Parameter sets: the trusted issuers and their keys.
    package init(_ sets: [IssuerKeySet]) {
        entries = sets.map { set in
            Entry(
                issuer: set.issuer,
                keys: set.keys?.keys.compactMap { key in PublicKey(key).map { (key, $0) } })
        }
    }

    /// The verdict on a token at its use: signature, issuer, audience and time.
    package func verify(_ token: UnsafeRawBufferPointer, at now: WallTime) -> JWTVerdict {
        guard token.count <= Self.maxTokenBytes else { return .rejected(.tooLarge) }
        let digest = SHA256.hash(token)
        if let known = verified.value(for: digest) { return JWTVerdict(known, at: now) }
        do throws(JWTRejection) {
            guard let parsed = JSONWebToken(token) else { throw .malformed }
            let header = try JWTHeader(parsed)
            guard let claims = parsed.claims(limits: Self.jsonLimits) else { throw .malformed }
            let entry = try issuer(of: claims)
            let key: (source: JSONWebKey, key: PublicKey)
            do throws(JWTRejection) {
                key = try entry.key(for: header)
            } catch {
                return error == .algorithm ? .rejected(error) : .keyMissing(entry.issuer, error)
            }
            guard let signature = parsed.signature else { throw .malformed }
            guard key.key.verifies(signature, of: parsed.signedBytes) else { throw .signature }
            let found = try VerifiedJWT(claims, of: entry.issuer, key: key.source)
            verified.insert(found, for: digest)
            return JWTVerdict(found, at: now)
        } catch {
            return .rejected(error)
        }
    }

    /// The issuer whose keys decide. Of the claims only `iss`, and `sub` for a trust domain, is looked at before the
    /// signature is verified.
    private func issuer(of claims: JSONValue) throws(JWTRejection) -> Entry {
        if let named = claims["iss"] {
            guard let text = named.string else { throw .claims }
            if let entry = entries.first(where: { $0.issuer.identity == .issuer(ExactText(text)) }) { return entry }
        }
        guard let domain = claims["sub"]?.string.flatMap(SPIFFEID.trustDomain),
            let entry = entries.first(where: { $0.issuer.identity == .trustDomain(domain) })
        else { throw .issuer }
        return entry
    }
}
