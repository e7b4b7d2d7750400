internal import LatchkeyCore

/// A command to type next and why; the command is nil where there is nothing to do but wait, nothing at all, or only
/// whoever runs it knows what to type.
package struct NextStep: Hashable, Sendable {
    /// Behind `latchkey migrate`.
    package var command: String?
    package var why: String
}

extension MoveStatus {
    /// What comes next.
    /// - Parameters:
    ///   - which: the arguments that say which secrets, exactly these; nil where none that are short enough do. Never
    ///     wider ones: a command that is typed as it is printed must not move more.
    ///   - file: a name for a backup that no file has.
    ///   - journal: the argument that names the journal, with a space before it, for commands inside a reason.
    package func next(_ which: String?, backupFile file: String, journal: String = "") -> NextStep {
        if count(.refused) > 0 {
            return NextStep(
                why: "\(count(.refused)) may not be looked at: latchkey policy --role migrator says what it takes")
        }
        if !hasBackup, count(.moved) + wantingCopy > 0 {
            let lack =
                backup == nil ? "there is no backup that is whole" : "the backup lacks \(withoutBackup) as they are"
            return about(
                which, "backup", "--out \(file) --password-file FILE",
                why: lack + (which.map { "; what stands in the way: latchkey migrate plan \($0)" } ?? ""))
        }
        return toCopy(which) ?? (isCutOver ? afterCutover(which, journal) : toCutOver(which, journal))
    }

    private func toCopy(_ which: String?) -> NextStep? {
        if journal.isUnfinished { return about(which, "copy", "--resume", why: "the last copy did not end") }
        if count(.changed) + count(.rewritten) > 0 {
            return about(
                which, "copy",
                why:
                    "\(count(.changed)) changed since the copy and \(count(.rewritten)) were rewritten: --yes writes over "
                    + "parameters of another value")
        }
        return wantingCopy > 0 ? about(which, "copy", why: "\(wantingCopy) are to be copied") : nil
    }

    private func toCutOver(_ which: String?, _ journal: String) -> NextStep {
        if moved == 0 { return about(which, "plan", why: "none of them can be moved as it is") }
        let proof = CutoverProof(self.journal, of: place, now: now)
        if !proof.holds {
            return backend == .shadow
                ? NextStep(command: "gate --window 24h", why: "brokers compare both stores")
                : about(which, "verify", why: proof.explanation(journal))
        }
        guard !staying.isEmpty else { return NextStep(command: "cutover", why: proof.explanation(journal)) }
        return about(
            which, "cutover", "--keep",
            why: "\(proof.explanation(journal)); \(staying.count) stay in Secrets Manager, and brokers go on to read "
                + "them there")
    }

    private func afterCutover(_ which: String?, _ journal: String) -> NextStep {
        if !unkept.isEmpty {
            let step = toCutOver(which, journal)
            return NextStep(
                command: step.command,
                why: "\(unkept.count) in Secrets Manager are not kept, so that callers get 404 for them; \(step.why)")
        }
        guard count(.moved) > 0 else {
            let kept = count(.kept) > 0 ? "; \(count(.kept)) are kept in Secrets Manager" : ""
            return NextStep(
                why: count(.deleting) > 0
                    ? "\(count(.deleting)) wait for their deletion: cleanup --undo takes it back"
                    : "the move is done\(kept)")
        }
        let due = (cutOverSince ?? now) + .seconds(86_400 * minDays)
        guard now >= due else {
            let cleanup = which.map { ", then latchkey migrate cleanup \($0)\(journal)" } ?? ""
            return NextStep(
                why: "wait until \(Day.text(due))\(cleanup); latchkey migrate rollback\(journal) takes it back until "
                    + "then")
        }
        return about(
            which, "cleanup", why: "\(count(.moved)) have been on the new store for \(minDays) days")
    }

    /// A command about these secrets; none where nothing short says which.
    private func about(_ which: String?, _ command: String, _ more: String? = nil, why: String) -> NextStep {
        guard let which else {
            return NextStep(why: "\(why): latchkey migrate \(command), with the selection or --map that copy had")
        }
        return NextStep(command: [command, which, more].compactMap { $0 }.joined(separator: " "), why: why)
    }
}
