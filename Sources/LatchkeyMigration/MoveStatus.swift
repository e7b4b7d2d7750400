package import LatchkeyCore

/// Where a whole move stands, and what comes next. Pure.
package struct MoveStatus: Sendable {
    /// One secret.
    package struct Line: Sendable {
        package var secret: OldSecret
        package var target: String
        package var standing: Standing
        /// When the journal last had something of it.
        package var at: WallTime?
    }

    package let lines: [Line]
    package let journal: Journal
    /// What the parameter that brokers of backend `auto` follow says; nil where there is none.
    package let backend: BackendInForce?
    /// Of a broker; nil where none was asked.
    package let figures: MoveFigures?
    /// A backup that is there and whole.
    package let hasBackup: Bool
    package let now: WallTime
    /// Days that a cleanup waits after the cut-over.
    package let minDays: Int

    /// - Parameters:
    ///   - secrets: as they are described now, each with the parameter it goes to.
    ///   - versions: of the parameters that are there.
    package init(
        secrets: [(secret: OldSecret, target: String)], versions: [String: Int64], journal: Journal,
        backend: BackendInForce?, figures: MoveFigures?, hasBackup: Bool, now: WallTime, minDays: Int
    ) {
        lines = secrets.map { secret, target in
            Line(
                secret: secret, target: target,
                standing: Standing(secret, target: target, version: versions[target], journal),
                at: journal.items[target]?.at)
        }
        self.journal = journal
        self.backend = backend
        self.figures = figures
        self.hasBackup = hasBackup
        self.now = now
        self.minDays = minDays
    }

    package func count(_ standing: Standing) -> Int { lines.count { $0.standing == standing } }

    package var moved: Int { lines.count { $0.standing.isMoved } }
    package var wantingCopy: Int { lines.count { $0.standing.wantsCopy } }

    /// All that can be moved is.
    package var isCopied: Bool { moved > 0 && wantingCopy == 0 }

    /// The last comparison or gate was clean, and everything that was moved was in it.
    package var isProven: Bool {
        switch CutoverProof(journal, now: now) {
        case .holds, .stale: true
        case .none, .unclean, .partial: false
        }
    }

    /// The fleet was turned, and the parameter it follows says so.
    package var isCutOver: Bool { journal.cutOverSince != nil && backend == .parameterStore }

    /// US cents a month for secrets and replicas in Secrets Manager: as if none were deleted, and as it is.
    package var costs: (before: Int, now: Int) {
        let all = lines.filter { $0.standing != .lost && $0.standing != .pending }
        let kept = all.filter { $0.secret.exists && $0.secret.deletion == nil }
        let cents = { (lines: [Line]) in lines.reduce(0) { $0 + 1 + $1.secret.replicas.count } * Cost.centsPerSecret }
        return (cents(all), cents(kept))
    }

    // MARK: What comes next

    /// A command to type and why; the command is nil where there is nothing to do but wait, or nothing at all.
    package struct Step: Hashable, Sendable {
        /// Behind `latchkey migrate`.
        package var command: String?
        package var why: String
    }

    /// - Parameter which: the arguments that say which secrets.
    package func next(_ which: String) -> Step {
        if !hasBackup, count(.moved) + wantingCopy > 0 {
            return Step(
                command: "backup \(which) --out backup.cms --password-file FILE",
                why: "there is no backup that is whole; what stands in the way: latchkey migrate plan \(which)")
        }
        if journal.isUnfinished { return Step(command: "copy \(which) --resume", why: "the last copy did not end") }
        if count(.changed) + count(.rewritten) > 0 {
            return Step(
                command: "copy \(which)",
                why:
                    "\(count(.changed)) changed since the copy and \(count(.rewritten)) were rewritten: --yes writes over "
                    + "parameters of another value")
        }
        if wantingCopy > 0 { return Step(command: "copy \(which)", why: "\(wantingCopy) are to be copied") }
        if isCutOver { return afterCutover(which) }
        if moved == 0 {
            return Step(command: "plan \(which)", why: "none of them can be moved as it is")
        }
        let proof = CutoverProof(journal, now: now)
        if !proof.holds {
            return backend == .shadow
                ? Step(command: "gate --window 24h", why: "brokers compare both stores")
                : Step(command: "verify \(which)", why: proof.explanation)
        }
        return Step(command: "cutover", why: proof.explanation)
    }

    private func afterCutover(_ which: String) -> Step {
        guard count(.moved) > 0 else {
            let why =
                count(.deleting) > 0 ? "\(count(.deleting)) wait for their deletion: cleanup --undo takes it back" : ""
            return Step(command: nil, why: why.isEmpty ? "the move is done" : why)
        }
        let due = (journal.cutOverSince ?? now) + .seconds(86_400 * minDays)
        guard now >= due else {
            return Step(
                command: nil,
                why:
                    "wait until \(Day.text(due)), then latchkey migrate cleanup \(which); rollback takes it back until then"
            )
        }
        return Step(command: "cleanup \(which)", why: "\(count(.moved)) have been on the new store for \(minDays) days")
    }
}
