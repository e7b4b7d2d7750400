internal import LatchkeyConfine
internal import LatchkeyLog
internal import Logging

extension ConfinementState {
    /// Logs what is in force, once at startup.
    func log(_ log: Logger) {
        let metadata: Logger.Metadata = ["files": "Landlock \(landlock)", "calls": "seccomp \(seccomp)"]
        if landlock.isInForce, seccomp.isInForce {
            log.notice(.confined, "the process is confined", metadata: metadata)
        } else {
            log.notice(
                .notConfined,
                "the process is not confined, or in part: the kernel lacks Landlock or seccomp, or a sandbox denies them",
                metadata: metadata)
        }
    }
}
