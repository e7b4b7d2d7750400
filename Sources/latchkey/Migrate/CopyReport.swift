internal import LatchkeyCore
internal import LatchkeyMigration

/// The result of a copy.
struct CopyReport {
    let lines: [CopyRun.Line]
    /// Secrets moved in an earlier run with the same journal.
    let done: [SourceSecret]
    /// Secrets with obstacles.
    let blocked: [PlanItem]
    /// Number of secrets that were not tried, because a store stopped answering.
    let untried: Int
    /// The argument that names the journal, for the next command.
    let journal: String

    init(plan: Plan, lines: [CopyRun.Line], done: [SourceSecret], journal: String) {
        self.journal = journal
        self.lines = lines
        self.done = done
        blocked = plan.items.filter { $0.action == .blocked }
        untried = plan.items.count - blocked.count - lines.count
    }

    /// Named secrets that do not exist.
    private var absent: [PlanItem] { blocked.filter { !$0.secret.exists } }
    /// Secrets for which a permission is missing. Whether they can be moved is unknown.
    private var denied: [PlanItem] { blocked.filter(\.isDenied) }
    /// Secrets that could not be read in several attempts.
    private var unread: [PlanItem] { blocked.filter(\.isUnread) }

    /// Secrets that were checked and are not moved.
    var left: [PlanItem] { blocked.filter { $0.secret.exists && !$0.isDenied && !$0.isUnread } }

    /// Whether everything was checked and every secret that can be moved is in place.
    var isClean: Bool {
        untried == 0 && absent.isEmpty && denied.isEmpty && unread.isEmpty && lines.allSatisfy { $0.outcome.isClean }
    }

    /// The exit code.
    var status: ExitStatus {
        guard denied.isEmpty else { return .denied }
        let storeFailures = lines.compactMap { line -> StoreFailure? in
            if case .failed(let storeFailure) = line.outcome { storeFailure } else { nil }
        }
        for kind in [StoreFailure.Kind.denied, .unsure, .throttled] {
            if let storeFailure = storeFailures.first(where: { $0.kind == kind }) { return storeFailure.status }
        }
        guard unread.isEmpty else { return .unavailable }
        return isClean ? .done : .failed
    }

    private var copied: Int { count { if case .copied = $0 { true } else { false } } }
    private var equal: Int { count { if case .equal = $0 { true } else { false } } }
    private var heldBack: Int { count { if case .keptBack = $0 { true } else { false } } }
    private var failed: Int { count { if case .failed = $0 { true } else { false } } }

    private func count(_ matches: (CopyStep.Outcome) -> Bool) -> Int { lines.count { matches($0.outcome) } }

    var json: JSON {
        [
            "clean": .bool(isClean),
            "summary": [
                "copied": .integer(Int64(copied)), "equal": .integer(Int64(equal)),
                "done_before": .integer(Int64(done.count)), "kept_back": .integer(Int64(heldBack)),
                "failed": .integer(Int64(failed)), "untried": .integer(Int64(untried)),
                "blocked": .integer(Int64(blocked.count)),
            ],
            "secrets": .array(
                lines.map { line in
                    var members: JSONObject = [
                        "secret": .string(line.item.secret.name), "parameter": .string(line.item.target),
                        "outcome": .string(line.outcome.word),
                    ]
                    members["version"] = line.outcome.version.map { .integer($0) }
                    members["reason"] = line.outcome.reason.map { .string($0) }
                    if line.isKept { members["kept_as_it_is"] = true }
                    return .object(members)
                }),
            "blocked": .array(
                blocked.map {
                    [
                        "secret": .string($0.secret.name), "parameter": .string($0.target),
                        "obstacles": .array($0.obstacles.filter { $0.severity == .blocks }.map { .string($0.code) }),
                    ]
                }),
        ]
    }

    /// The output for people: what did not go as planned, and the number of the others.
    var page: [String] {
        var table = Table(["SECRET", "PARAMETER", "OUTCOME", "WHY"], state: 2)
        var rows = 0
        for line in lines where !line.outcome.isClean {
            table.add(
                [line.item.secret.name, line.item.target, line.outcome.word, line.outcome.reason ?? ""],
                line.outcome.style)
            rows += 1
        }
        for item in blocked {
            let codes = item.obstacles.filter { $0.severity == .blocks }.map(\.code)
            table.add([item.secret.name, item.target, "blocked", codes.joined(separator: " ")], .warning)
            rows += 1
        }
        let summary =
            "\(copied) copied, \(equal) already there, \(done.count) copied before, \(heldBack) not overwritten, "
            + "\(failed) failed, \(untried) not tried, \(blocked.count) blocked"
        var advice =
            heldBack > 0 ? ["parameters with another value were not overwritten: use --yes to overwrite them"] : []
        let kept = lines.count(where: \.isKept)
        if kept > 0 {
            advice.append("\(kept) have the right value, but another KMS key or tier than requested: see plan")
        }
        if !unread.isEmpty {
            advice.append("secrets that could not be read were not copied: run copy again with --resume")
        }
        advice += StayingSecret.advice(blocked.count { $0.secret.exists }, journal: journal)
        for action in Set(denied.flatMap(\.deniedActions)).sorted() {
            advice.append("\(action) is refused: allow it (latchkey policy --role migrator)")
        }
        return (rows > 0 ? table.lines + [""] : []) + [summary] + advice
    }
}

extension PlanItem {
    /// IAM actions that were denied for this secret.
    fileprivate var deniedActions: [String] {
        obstacles.compactMap { if case .denied(let action) = $0, $0.isDenial { action } else { nil } }
    }
}

extension CopyRun.Line {
    /// Whether the value was in place before, under another key or in another tier than requested.
    fileprivate var isKept: Bool {
        guard case .equal = outcome else { return false }
        return item.obstacles.contains { if case .keptAsItIs = $0 { true } else { false } }
    }
}

extension CopyStep.Outcome {
    /// Whether the value is in place now.
    var isClean: Bool {
        switch self {
        case .copied, .equal: true
        case .keptBack, .failed: false
        }
    }

    var word: String {
        switch self {
        case .copied: "copied"
        case .equal: "equal"
        case .keptBack: "kept_back"
        case .failed: "failed"
        }
    }

    /// That of ``word``.
    var style: TextStyle {
        switch self {
        case .copied, .equal: .good
        case .keptBack: .warning
        case .failed: .bad
        }
    }

    var version: Int64? {
        switch self {
        case .copied(let version), .equal(let version), .keptBack(let version): version
        case .failed: nil
        }
    }

    var reason: String? {
        switch self {
        case .copied, .equal: nil
        case .keptBack: "other_value"
        case .failed(let storeFailure): storeFailure.code
        }
    }
}
