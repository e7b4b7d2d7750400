internal import LatchkeyCore
internal import LatchkeyCrypto

/// The members of a token's header (RFC 7515 §4) that have a meaning here. All others are ignored, also those that contain or
/// name a key (`jwk`, `jku`, `x5c`, `x5u`): keys come from the key set of the issuer alone.
struct JWTHeader {
    let algorithm: JWSAlgorithm
    let keyID: ExactText?

    init(_ token: JSONWebToken) throws(JWTRejection) {
        guard let header = token.header(limits: JWTVerifier.jsonLimits) else { throw .malformed }
        guard header["crit"] == nil else { throw .critical }
        // Names of algorithms are case-sensitive (RFC 7515 §4.1.1).
        guard
            let algorithm = header["alg"]?.string.flatMap({ name in
                JWSAlgorithm.allCases.first { $0.rawValue.hasSameBytes(as: name) }
            })
        else { throw .algorithm }
        self.algorithm = algorithm
        guard let identifier = header["kid"] else {
            keyID = nil
            return
        }
        guard let text = identifier.string else { throw .malformed }
        keyID = ExactText(text)
    }
}
