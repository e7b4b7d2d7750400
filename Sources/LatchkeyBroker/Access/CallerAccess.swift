internal import LatchkeyCore

/// What one caller may have, for requests that are answered later.
package struct CallerAccess: Sendable {
    /// Nil for a caller that may have everything.
    private let caller: Caller?
    private let mode: PolicyMode

    /// - Parameter caller: nil for a caller that may have everything.
    package init(_ caller: Caller?, _ mode: PolicyMode) {
        self.caller = caller
        self.mode = mode
    }

    /// Every secret and every profile.
    package static let unrestricted = CallerAccess(nil, .enforce)

    package var isUnrestricted: Bool { caller == nil }

    /// The profiles that it can get.
    package var profiles: ProfileGrant { mode == .observe ? .all : caller?.profiles ?? .all }

    /// The elements of a list that the caller may have, each with why it would be left out if the mode were `enforce`; nil
    /// if it would not be.
    package func filter<Element>(
        _ elements: [Element], name: (Element) -> String
    ) -> [(element: Element, wouldDeny: AccessReason?)] {
        if isUnrestricted { return elements.map { ($0, nil) } }
        return elements.compactMap { element in
            let decision = decision(.secret(name(element)))
            return decision.isAllowed ? (element, decision.reason) : nil
        }
    }

    /// Whether the caller may have the secret or profile. Scopes and time were checked with the credential.
    package func decision(_ target: AccessRequest.Target) -> AccessDecision {
        guard let caller else { return .allowed }
        return AccessDecision(
            AccessRequest(scopes: caller.scopes, target: target), by: caller, mode: mode,
            at: WallTime(milliseconds: .min))
    }
}
