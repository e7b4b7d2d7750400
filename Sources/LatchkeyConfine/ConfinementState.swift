/// What has come into force of a ``ConfinementPlan``.
package struct ConfinementState: Equatable, Sendable {
    /// Whether a part of the confinement is in force.
    package enum Part: Equatable, Sendable, CustomStringConvertible {
        case inForce(String)
        /// The kernel does not have it, or it is not enabled.
        case unavailable
        /// The system call failed with this `errno`.
        case failed(errno: Int32)

        package var isInForce: Bool { if case .inForce = self { true } else { false } }

        package var description: String {
            switch self {
            case .inForce(let what): what
            case .unavailable: "not available"
            case .failed(let errno): "failed (errno \(errno))"
            }
        }
    }

    /// The access to files.
    package var landlock: Part
    /// The filter of system calls.
    package var seccomp: Part
    /// The files that can be read and the programs that can be run.
    package var scope: FileScope

    package init(landlock: Part, seccomp: Part, scope: FileScope) {
        self.landlock = landlock
        self.seccomp = seccomp
        self.scope = scope
    }

    /// How much is in force.
    package enum Extent: String, Equatable, Sendable, CaseIterable {
        case on
        /// Files or system calls alone.
        case partial
        /// The kernel does not have it, or a sandbox denies it.
        case unavailable
    }

    package var extent: Extent {
        switch (landlock.isInForce, seccomp.isInForce) {
        case (true, true): .on
        case (false, false): .unavailable
        default: .partial
        }
    }

    /// Nothing is in force.
    package static let none = ConfinementState(landlock: .unavailable, seccomp: .unavailable, scope: .everything)
}
