package import LatchkeyCore

/// Which store the fleet reads secrets from, as `<prefix>/latchkey/backend` says it to brokers of backend `auto`.
package enum BackendInForce: String, Hashable, Sendable, CaseIterable {
    case secretsManager = "secrets-manager"
    /// Secrets Manager, compared with Parameter Store behind it.
    case shadow
    case parameterStore = "parameter-store"
}

/// Whether there is proof that a cut-over may rest on. Pure.
package enum CutoverProof: Hashable, Sendable {
    /// A gate or a comparison that was clean, and still counts.
    case holds(command: String, at: WallTime)
    /// None at all.
    case none
    /// The last one was not clean.
    case unclean(command: String)
    /// The last comparison was of fewer secrets than the journal has moved.
    case partial(count: Int, moved: Int)
    /// The last one is older than ``validity``.
    case stale(command: String, at: WallTime)

    /// How long a clean gate or comparison counts.
    package static let validity: Duration = .seconds(3600)

    /// The newest gate or comparison decides; one that was not clean is not outweighed by an older one.
    package init(_ journal: Journal, now: WallTime) {
        guard let last = journal.runs.last(where: { $0.command == "gate" || $0.command == "verify" }) else {
            self = .none
            return
        }
        if !last.isClean || last.count == 0 {
            self = .unclean(command: last.command)
        } else if last.command == "verify", last.count < journal.verified {
            self = .partial(count: last.count, moved: journal.verified)
        } else if now - last.at > Self.validity || now < last.at {
            self = .stale(command: last.command, at: last.at)
        } else {
            self = .holds(command: last.command, at: last.at)
        }
    }

    package var holds: Bool { if case .holds = self { true } else { false } }

    /// What is so, and what to do.
    package var explanation: String {
        switch self {
        case .holds(let command, _): "\(command) was clean within the last hour"
        case .none: "the journal has neither gate nor verify: latchkey migrate verify, then this"
        case .unclean(let command): "the last \(command) was not clean: latchkey migrate verify, then this"
        case .partial(let count, let moved):
            "the last verify was of \(count) secrets and \(moved) were moved: latchkey migrate verify of all, then this"
        case .stale(let command, _): "the last clean \(command) is over an hour old: latchkey migrate verify, then this"
        }
    }
}

extension Journal {
    /// Secrets that were seen in their parameters.
    package var verified: Int { items.values.count { $0.state == .verified } }
}

/// A variable of the guide's: whether a function reads Parameter Store.
package enum GuideVariable {
    package static let name = "USE_PARAMETER_STORE"

    /// All the variables with this one set and no other touched.
    package static func merged(into variables: [String: String], _ backend: BackendInForce) -> [String: String] {
        variables.merging([name: backend == .parameterStore ? "true" : "false"]) { $1 }
    }
}
