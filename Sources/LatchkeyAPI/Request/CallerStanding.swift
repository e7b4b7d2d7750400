internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyMetrics

/// Whether the caller of a waiting request may still have its secret.
struct CallerStanding: Sendable {
    enum Outcome: Sendable {
        /// Until that time, unless the callers change; nil for no end.
        case holds(until: WallTime?)
        case refused(Problem)
    }

    /// Nil if it cannot be checked again.
    let credential: PresentedCredential?
    let secret: String
    let keys: LiveKeys
    let keySets: LiveKeySets

    /// Decides again, with the callers and key sets of this time.
    func now(_ now: WallTime) -> Outcome {
        let ring = keys.current
        guard case .caller(let caller) = credential?.caller(in: ring, now: { now }) else {
            return .refused(.noCaller)
        }
        if case .token(let token) = credential, !keySets.trust(token) { return .refused(.noCaller) }
        guard caller.opens(.secrets), ring.access(of: caller).decision(.secret(secret)).isAllowed else {
            return .refused(.notForCaller)
        }
        let ends = [ring.caller(caller)?.notAfter, credential?.end].compactMap(\.self)
        return .holds(until: ends.min())
    }
}
