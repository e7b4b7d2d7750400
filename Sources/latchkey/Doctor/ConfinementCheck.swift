internal import LatchkeyConfine
internal import LatchkeySettings

/// What of the confinement a broker with these settings has on this machine.
struct ConfinementCheck {
    let isConfined: Bool
    let plan: ConfinementPlan
    let support: Confinement.Support

    func run() -> [Finding] {
        let subject = SettingName.confine.rawValue
        guard isConfined else { return [.fine(.settings, subject, "off: the broker does not confine itself")] }
        return [state(subject)]
            + plan.wideFolders.map { wide in
                .warning(
                    .settings, subject, "\(wide.file) opens all of \(wide.folder) to the broker",
                    remedy: "move the file into a folder of its own")
            }
    }

    private func state(_ subject: String) -> Finding {
        let programs = plan.allowsExecution ? ", and may run programs for credential_process" : ""
        switch (support.landlock, support.hasSeccomp) {
        case (1..., true):
            return .fine(
                .settings, subject,
                "the broker confines itself with Landlock (ABI \(support.landlock)) and seccomp\(programs)")
        case (1..., false):
            return .warning(
                .settings, subject, "the broker confines itself with Landlock alone: there is no seccomp\(programs)",
                remedy: "use a kernel with CONFIG_SECCOMP_FILTER, and a sandbox that does not deny seccomp(2)")
        case (_, true):
            return .warning(
                .settings, subject, "the broker confines itself with seccomp alone: there is no Landlock\(programs)",
                remedy: "use Linux 5.13 or later with Landlock among the security modules (lsm=landlock,…)")
        default:
            return .warning(
                .settings, subject, "the broker cannot confine itself: there is neither Landlock nor seccomp",
                remedy: "use Linux 5.13 or later, and a sandbox that does not deny both")
        }
    }
}
