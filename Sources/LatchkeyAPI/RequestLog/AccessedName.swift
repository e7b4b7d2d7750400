package import LatchkeyBroker

/// A secret or token profile that a request asked for, and what was decided.
package struct AccessedName: Sendable {
    /// As the caller wrote it. Not checked: it may be of any length and have any characters.
    package let name: String
    package let decision: AccessDecision

    package init(_ name: String, _ decision: AccessDecision) {
        self.name = name
        self.decision = decision
    }
}
