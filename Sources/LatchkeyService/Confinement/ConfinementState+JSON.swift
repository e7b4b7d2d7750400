internal import LatchkeyConfine
internal import LatchkeyCore

extension ConfinementState? {
    /// What `/health` shows; `off` without confinement.
    var json: JSON {
        [
            "state": .string(self?.extent.rawValue ?? "off"), "files": .string(self?.landlock.label ?? "off"),
            "calls": .string(self?.seccomp.label ?? "off"),
            "runs_programs": .bool(self?.scope.allowsExecution ?? true),
        ]
    }
}

extension ConfinementState.Part {
    fileprivate var label: String {
        switch self {
        case .inForce: "on"
        case .unavailable: "unavailable"
        case .failed: "failed"
        }
    }
}
