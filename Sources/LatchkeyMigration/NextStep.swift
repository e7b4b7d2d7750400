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
    package func next(_ which: String?, backupFile file: String) -> NextStep {
        if count(.refused) > 0 {
            return NextStep(
                why: "\(count(.refused)) may not be looked at: latchkey policy --role migrator says what it takes")
        }
        if !hasBackup, count(.moved) + wantingCopy > 0 {
            let lack =
                backup == nil ? "there is no backup that is whole" : "the backup lacks \(withoutBackup) as they are"
            return about(
                which, "backup", "--out \(file) --password-file FILE",
                why: "\(lack); what stands in the way: latchkey migrate plan")
        }
        return toCopy(which) ?? (isCutOver ? afterCutover(which) : toCutOver(which))
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

    private func toCutOver(_ which: String?) -> NextStep {
        if moved == 0 { return about(which, "plan", why: "none of them can be moved as it is") }
        let proof = CutoverProof(journal, of: place, now: now)
        if !proof.holds {
            return backend == .shadow
                ? NextStep(command: "gate --window 24h", why: "brokers compare both stores")
                : about(which, "verify", why: proof.explanation)
        }
        return NextStep(command: "cutover", why: proof.explanation)
    }

    private func afterCutover(_ which: String?) -> NextStep {
        guard count(.moved) > 0 else {
            return NextStep(
                why: count(.deleting) > 0
                    ? "\(count(.deleting)) wait for their deletion: cleanup --undo takes it back" : "the move is done")
        }
        let due = (cutOverSince ?? now) + .seconds(86_400 * minDays)
        guard now >= due else {
            let cleanup = ["latchkey migrate cleanup", which].compactMap { $0 }.joined(separator: " ")
            return NextStep(why: "wait until \(Day.text(due)), then \(cleanup); rollback takes it back until then")
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
