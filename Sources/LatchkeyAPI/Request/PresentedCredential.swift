internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto

/// The credential of a request that is answered later, to check again whether it still counts.
enum PresentedCredential: Sendable {
    case key(Digest)
    case token(VerifiedJWT)
    case certificate(PeerIdentity)
    case user(UInt32)

    /// The caller that has it in `ring`.
    func caller(in ring: KeyRing, now: () -> WallTime) -> Authentication {
        switch self {
        case .key(let digest): ring.caller(presenting: digest, now: now)
        case .token(let token): ring.caller(with: token, now: now)
        case .certificate(let peer): ring.caller(with: peer, now: now)
        case .user(let user): ring.caller(withUser: user, now: now)
        }
    }

    /// When it ends by itself; nil for never.
    var end: WallTime? {
        switch self {
        case .token(let token): token.expires + JWTVerifier.leeway
        case .certificate(let peer): peer.expiry
        case .key, .user: nil
        }
    }
}
