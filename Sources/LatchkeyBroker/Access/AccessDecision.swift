package import LatchkeyCore

/// Whether a caller may have what it asks for. A pure function of caller, request, mode and time.
package enum AccessDecision: Hashable, Sendable {
    case allowed
    case denied(AccessReason)
    /// Allowed because of ``PolicyMode/observe``.
    case wouldDeny(AccessReason)

    package init(_ request: AccessRequest, by caller: Caller, mode: PolicyMode, at now: WallTime) {
        switch Self.reason(request, caller, now) {
        case nil: self = .allowed
        case let reason? where mode == .observe && reason.isObservable: self = .wouldDeny(reason)
        case let reason?: self = .denied(reason)
        }
    }

    /// Whether the request is answered.
    package var isAllowed: Bool {
        if case .denied = self { false } else { true }
    }

    /// Why it is not allowed, or would not be; nil if it is.
    package var reason: AccessReason? {
        switch self {
        case .allowed: nil
        case .denied(let reason), .wouldDeny(let reason): reason
        }
    }

    private static func reason(_ request: AccessRequest, _ caller: Caller, _ now: WallTime) -> AccessReason? {
        if let end = caller.notAfter, now >= end { return .expired }
        guard caller.scopes.opens(request.scopes) else { return .scope }
        switch request.target {
        case .none: return nil
        case .secret(let name):
            switch caller.secrets.mismatch(name) {
            case nil: return nil
            case .noPattern: return .pattern
            case .excluded: return .excluded
            }
        case .profile(let name): return caller.profiles.contains(name) ? nil : .profile
        }
    }
}
