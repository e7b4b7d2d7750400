package import LatchkeyCore

/// Which store the fleet reads secrets from, as `<prefix>/latchkey/backend` says it to brokers of backend `auto`.
package enum BackendInForce: String, Hashable, Sendable, CaseIterable {
    case secretsManager = "secrets-manager"
    /// Secrets Manager, compared with Parameter Store behind it.
    case shadow
    case parameterStore = "parameter-store"
}

/// Which fleet a proof is of: a comparison in another account, or made for another prefix, says nothing about it.
package struct FleetID: Hashable, Sendable {
    /// The account of the parameters, twelve digits; nil where there is none that could be asked.
    package var account: String?
    /// The parameter that the fleet follows, `<prefix>/latchkey/backend`.
    package var parameter: String

    package init(account: String?, parameter: String) {
        self.account = account
        self.parameter = parameter
    }

    /// What a comparison writes down, so that it can be told what it was of.
    /// - Parameter targets: the parameters that were compared.
    package func details(_ journal: Journal, comparing targets: Set<String>) -> [String: String] {
        var details = ["parameter": parameter, "compared": journal.comparison(of: targets)]
        details["account"] = account
        return details
    }
}

/// Whether there is proof that a cut-over may rest on. Pure.
package enum CutoverProof: Hashable, Sendable {
    /// A gate or a comparison that was clean, and still counts.
    case holds(command: String, at: WallTime)
    /// None at all.
    case none
    /// The last one was not clean.
    case unclean(command: String)
    /// The last one was of another account or prefix.
    case elsewhere(command: String)
    /// The last comparison was not of everything that the journal has moved, or that was written anew since.
    case partial(count: Int, moved: Int)
    /// The last one is older than ``validity``.
    case stale(command: String, at: WallTime)

    /// How long a clean gate or comparison counts.
    package static let validity: Duration = .seconds(3600)

    /// The newest gate or comparison decides; one that was not clean is not outweighed by an older one. A gate is the
    /// word of a broker, which is asked for no account.
    package init(_ journal: Journal, of place: FleetID, now: WallTime) {
        guard let last = journal.runs.last(where: { $0.command == "gate" || $0.command == "verify" }) else {
            self = .none
            return
        }
        let isComparison = last.command == "verify"
        let isHere =
            last.details["parameter"] == place.parameter
            && (!isComparison || last.details["account"] == place.account)
        if !last.isClean || last.count == 0 {
            self = .unclean(command: last.command)
        } else if !isHere {
            self = .elsewhere(command: last.command)
        } else if isComparison, last.details["compared"] != journal.comparison() {
            self = .partial(count: last.count, moved: journal.verified)
        } else if now - last.at > Self.validity || now < last.at {
            self = .stale(command: last.command, at: last.at)
        } else {
            self = .holds(command: last.command, at: last.at)
        }
    }

    package var holds: Bool { if case .holds = self { true } else { false } }

    /// What is so, and what to do.
    /// - Parameter journal: the argument that names the journal, with a space before it.
    package func explanation(_ journal: String = "") -> String {
        let verify = "latchkey migrate verify\(journal)"
        return switch self {
        case .holds(let command, _): "\(command) was clean within the last hour"
        case .none: "the journal has neither gate nor verify: \(verify), then this"
        case .unclean(let command): "the last \(command) was not clean: \(verify), then this"
        case .elsewhere(let command):
            "the last \(command) was of another account or LATCHKEY_PREFIX, or what it was of is gone: \(verify), then "
                + "this"
        case .partial(let count, let moved):
            "the last verify, of \(count) secrets, was not of all \(moved) that were moved, or they were copied since: "
                + "\(verify), then this"
        case .stale(let command, _): "the last clean \(command) is over an hour old: \(verify), then this"
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
