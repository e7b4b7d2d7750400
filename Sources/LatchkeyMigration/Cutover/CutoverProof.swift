package import LatchkeyCore

/// Whether the journal has a clean gate or verify that permits a cut-over. Pure.
package enum CutoverProof: Hashable, Sendable {
    /// A clean gate or verify that is still valid.
    case holds(command: String, at: WallTime)
    /// The journal has neither.
    case none
    /// The last one was not clean.
    case unclean(command: String)
    /// The last one was for another account or prefix.
    case elsewhere(command: String)
    /// The last verify does not cover exactly the copies that the journal has.
    case partial(count: Int, moved: Int)
    /// The last one is older than ``validity``.
    case stale(command: String, at: WallTime)

    /// How long a clean gate or verify counts.
    package static let validity: Duration = .seconds(3600)

    /// Judges the last gate or verify: if it was not clean, an earlier clean one does not count.
    ///
    /// A gate has no account to check, because a broker is not asked for one.
    package init(_ journal: Journal, of fleet: FleetID, now: WallTime) {
        guard let last = journal.runs.last(where: { $0.command == "gate" || $0.command == "verify" }) else {
            self = .none
            return
        }
        let isVerify = last.command == "verify"
        let isHere =
            last.details["parameter"] == fleet.parameter && (!isVerify || last.details["account"] == fleet.account)
        if !last.isClean || last.count == 0 {
            self = .unclean(command: last.command)
        } else if !isHere {
            self = .elsewhere(command: last.command)
        } else if isVerify, last.details["compared"] != journal.comparisonDigest() {
            self = .partial(count: last.count, moved: journal.verifiedCount)
        } else if now - last.at > Self.validity || now < last.at {
            self = .stale(command: last.command, at: last.at)
        } else {
            self = .holds(command: last.command, at: last.at)
        }
    }

    package var holds: Bool { if case .holds = self { true } else { false } }

    /// What the journal has. Lower case.
    package var reason: String {
        let hours = "\(Self.validity.components.seconds / 3600) h"
        return switch self {
        case .holds(let command, _): "\(command) passed less than \(hours) ago"
        case .none: "the journal has no gate and no verify"
        case .unclean(let command): "the last \(command) did not pass"
        case .elsewhere(let command):
            "the last \(command) was for another account or LATCHKEY_PREFIX, or the parameters that it compared are gone"
        case .partial(let count, let moved):
            "the last verify, of \(count) secrets, did not cover all \(moved) that were moved, or some were copied again since"
        case .stale(let command, _): "the last \(command) passed more than \(hours) ago"
        }
    }

    /// ``reason``, and what to do unless the proof holds.
    /// - Parameter journal: the argument that names the journal, with a space before it.
    package func explanation(_ journal: String = "") -> String {
        holds ? reason : "\(reason): run latchkey migrate verify\(journal), then this command"
    }
}
