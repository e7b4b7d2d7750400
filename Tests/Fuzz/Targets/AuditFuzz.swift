import LatchkeyAudit
import LatchkeyCore

/// Fuzzes the readers of audit logs: findings name lines of the input, the chains are consistent, and a callers file that is
/// learned from any lines can be read.
enum AuditFuzz {
    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let result = verify(lines)
        try require(result.lines >= 0 && result.chains.count <= lines.count * 200, "chains come from lines")
        try require(
            result.findings.allSatisfy { (1...lines.count).contains($0.place?.line ?? 1) }, "a finding names a line")
        for chain in result.chains {
            try require(!chain.id.isEmpty && chain.firstSeq >= 1, "a chain has an id and a first line")
            try require(chain.lastSeq >= chain.firstSeq, "a chain ends after its start")
        }
        let again = verify(lines)
        try require(
            again.findings.map(\.text) == result.findings.map(\.text), "the same lines have the same findings")
        try learn(lines)
    }

    private static func verify(_ lines: [ArraySlice<UInt8>]) -> AuditVerification {
        var verifier = AuditVerifier()
        for (index, line) in lines.enumerated() {
            verifier.read(line, at: AuditPlace(file: 0, path: "log", line: index + 1))
        }
        return verifier.finish()
    }

    private static func learn(_ lines: [ArraySlice<UInt8>]) throws(FuzzViolation) {
        var use = ObservedUse()
        for record in lines.compactMap({ AuditRecord($0) }) {
            let members = record.members
            try require(members.map(\.name) == AuditLine.members, "a record has the members of a line")
            use.add(record)
        }
        guard let file = try? JSON(parsing: Array(CallersFromUse(use, existing: nil).text.utf8)),
            let entries = file["callers"]?.array
        else { throw FuzzViolation(description: "a learned file can be read") }
        try require(entries.count == use.callers.count, "a learned file has each caller")
        for entry in entries {
            let patterns = (entry["secrets"]?.array ?? []).compactMap { $0.string }
            let names = use.callers[entry["id"]?.string ?? ""]?.secrets ?? []
            try require(
                names.filter { $0.utf8.count <= 512 && $0 != "!" }.allSatisfy { name in
                    patterns.contains { UsePattern.matches($0, name) }
                }, "a learned file gives each name that was read")
        }
    }
}
