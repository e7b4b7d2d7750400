internal import LatchkeyCore

extension MoveStatus {
    /// The next command of the migration.
    /// - Parameters:
    ///   - selection: the arguments that select exactly these secrets; nil if they would be too long. They never select
    ///     more: a command that is typed as printed must not move other secrets.
    ///   - file: a file name for a backup that does not exist yet.
    ///   - journal: the argument that names the journal, with a space before it, for commands inside a reason.
    package func next(_ selection: String?, backupFile file: String, journal: String = "") -> NextStep {
        if count(.refused) > 0 {
            return NextStep(
                why: "\(count(.refused)) cannot be examined, because permissions are missing: latchkey policy --role "
                    + "migrator lists them")
        }
        if !hasBackup, count(.moved) + uncopiedCount > 0 {
            let lack =
                backup == nil
                ? "there is no complete backup" : "the backup lacks the current version of \(withoutBackupCount)"
            let plan = selection.map { "; to see the obstacles first: latchkey migrate plan \($0)" } ?? ""
            return step("backup", selection, "--out \(file) --password-file FILE", why: lack + plan)
        }
        return nextCopy(selection)
            ?? (isCutOver ? nextAfterCutover(selection, journal) : nextCutover(selection))
    }

    private func nextCopy(_ selection: String?) -> NextStep? {
        if journal.isUnfinished { return step("copy", selection, "--resume", why: "the last copy did not finish") }
        if count(.changed) + count(.rewritten) > 0 {
            return step(
                "copy", selection,
                why:
                    "\(count(.changed)) secrets were changed since the copy and \(count(.rewritten)) parameters were "
                    + "rewritten; with --yes the copy overwrites parameters that have another value")
        }
        return uncopiedCount > 0 ? step("copy", selection, why: "\(uncopiedCount) have to be copied") : nil
    }

    private func nextCutover(_ selection: String?) -> NextStep {
        if movedCount == 0 { return step("plan", selection, why: "obstacles block all of them") }
        let proof = CutoverProof(journal, of: fleet, now: now)
        if !proof.holds {
            return backend == .shadow
                ? NextStep(command: "gate --window 24h", why: "the brokers compare both stores")
                : step("verify", selection, why: proof.reason)
        }
        guard !staying.isEmpty else { return NextStep(command: "cutover", why: proof.reason) }
        return step(
            "cutover", selection, "--keep",
            why: "\(proof.reason); \(staying.count) stay in Secrets Manager, and brokers keep reading them there")
    }

    private func nextAfterCutover(_ selection: String?, _ journal: String) -> NextStep {
        if !unkept.isEmpty {
            let step = nextCutover(selection)
            return NextStep(
                command: step.command,
                why:
                    "callers get 404 for \(unkept.count) secrets that are only in Secrets Manager and not on the list of "
                    + "kept secrets; \(step.why)")
        }
        guard count(.moved) > 0 else {
            let kept = count(.kept) > 0 ? "; \(count(.kept)) are kept in Secrets Manager" : ""
            return NextStep(
                why: count(.deleting) > 0
                    ? "\(count(.deleting)) are scheduled for deletion: cleanup --undo cancels that"
                    : "the migration is done\(kept)")
        }
        let due = (cutOverSince ?? now) + .days(minDays)
        guard now >= due else {
            let cleanup = selection.map { ", then latchkey migrate cleanup \($0)\(journal)" } ?? ""
            return NextStep(
                why: "wait until \(Day.text(due))\(cleanup); until then latchkey migrate rollback\(journal) rolls "
                    + "the cut-over back")
        }
        return step(
            "cleanup", selection, why: "the cut-over was at least \(minDays) days ago; \(count(.moved)) can be deleted")
    }

    /// A command for the selected secrets; a reason without a command if the selection would be too long.
    private func step(_ command: String, _ selection: String?, _ more: String? = nil, why: String) -> NextStep {
        guard let selection else {
            return NextStep(
                why: "\(why): latchkey migrate \(command), with the same --filter-prefix, --secret or --map as the copy"
            )
        }
        return NextStep(command: [command, selection, more].compactMap { $0 }.joined(separator: " "), why: why)
    }
}
