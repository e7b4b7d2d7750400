internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyMigration

/// The result of comparing both stores.
struct VerifyReport {
    let pairs: [VerifyRun.Pair]
    let findings: [Verification.Finding]
    /// Secrets that cannot be moved and are only in Secrets Manager.
    let left: [PlanItem]
    /// The argument that names the journal, for the next command.
    let journal: String

    /// Whether everything that can be moved is equal in both stores.
    var isClean: Bool { findings.allSatisfy(\.verdict.isClean) }

    /// The exit code. A difference takes precedence over a value that could not be read.
    var status: ExitStatus {
        if findings.contains(where: { !$0.verdict.isClean && $0.failure == nil }) { return .failed }
        let storeFailure = findings.compactMap(\.failure).first
        return storeFailure?.status ?? .done
    }

    var json: JSON {
        [
            "clean": .bool(isClean),
            "summary": .object(
                JSONObject(
                    Verification.Verdict.allCases.map { ($0.rawValue, .integer(Int64(count($0)))) }
                        + [("left", .integer(Int64(left.count)))])),
            "secrets": .array(zip(pairs, findings).map(Self.json)),
            "left": .array(
                left.map {
                    [
                        "secret": .string($0.secret.name), "parameter": .string($0.target),
                        "obstacles": .array($0.obstacles.filter { $0.severity == .blocks }.map { .string($0.code) }),
                    ]
                }),
        ]
    }

    private func count(_ verdict: Verification.Verdict) -> Int { findings.count { $0.verdict == verdict } }

    private static func json(_ pair: VerifyRun.Pair, _ finding: Verification.Finding) -> JSON {
        var members: JSONObject = [
            "secret": .string(pair.secret), "parameter": .string(pair.target),
            "verdict": .string(finding.verdict.rawValue),
        ]
        members["old_bytes"] = finding.oldBytes.map { .integer(Int64($0)) }
        members["new_bytes"] = finding.newBytes.map { .integer(Int64($0)) }
        members["old_digest"] = finding.oldDigest.map { .string(shown($0)) }
        members["new_digest"] = finding.newDigest.map { .string(shown($0)) }
        members["version"] = finding.version.map { .integer($0) }
        members["copied_version"] = pair.version.map { .integer($0) }
        members["reason"] = finding.failure.map { .string($0.code) }
        return .object(members)
    }

    /// Enough of a keyed digest to distinguish two values.
    private static func shown(_ digest: Digest) -> String { String(digest.hex.prefix(16)) }

    /// The output for people: the differences, and the number of equal secrets.
    var page: [String] {
        var table = Table(["SECRET", "PARAMETER", "VERDICT", "BYTES", "DIGEST", "VERSION", "WHY"], state: 2)
        var rows = 0
        for (pair, finding) in zip(pairs, findings) where !finding.verdict.isClean {
            let cells = [
                pair.secret, pair.target, finding.verdict.rawValue,
                "\(finding.oldBytes.map { "\($0)" } ?? "-")/\(finding.newBytes.map { "\($0)" } ?? "-")",
                "\(finding.oldDigest.map { $0.hex.prefix(8) } ?? "-")/\(finding.newDigest.map { $0.hex.prefix(8) } ?? "-")",
                finding.version.map { "\($0)" } ?? "-", finding.failure?.code ?? "",
            ]
            table.add(cells, .bad)
            rows += 1
        }
        for item in left {
            let codes = item.obstacles.filter { $0.severity == .blocks }.map(\.code)
            table.add([item.secret.name, item.target, "left", "", "", "", codes.joined(separator: " ")], .warning)
            rows += 1
        }
        let equal = count(.equal)
        let summary = "\(equal) equal, \(findings.count - equal) not, \(left.count) left in Secrets Manager"
        return (rows > 0 ? table.lines + [""] : []) + [summary] + StayingSecret.advice(left.count, journal: journal)
    }
}
