internal import LatchkeyAudit
internal import LatchkeyCore

/// The output of `latchkey audit verify`.
struct AuditReport {
    private let result: AuditVerification

    init(_ result: AuditVerification) { self.result = result }

    func print() {
        for finding in result.findings { Terminal.print(Terminal.styled(Table.clean(Self.line(finding)), .bad)) }
        if let place = result.incomplete {
            Terminal.print(Table.clean("\(place): an incomplete line at the end, which may be just being written"))
        }
        var table = Table(["chain", "first seq", "last seq", "end", "signed to", "lost", "torn"])
        for chain in result.chains {
            table.add([
                chain.id, "\(chain.firstSeq)", "\(chain.lastSeq)", Self.end(chain),
                chain.signedSeq.map { "\($0)" } ?? "-", "\(chain.lost)", "\(chain.torn)",
            ])
        }
        for line in table.lines { Terminal.print(line) }
        Terminal.print("\(result.lines) lines in \(result.chains.count) chains, \(result.findings.count) findings")
    }

    var json: JSON {
        [
            "lines": .integer(result.lines), "findings": .array(result.findings.map(Self.json)),
            "incomplete": result.incomplete.map { .string("\($0)") } ?? .null,
            "chains": .array(
                result.chains.map { chain in
                    [
                        "chain": .string(chain.id), "first_seq": .integer(chain.firstSeq),
                        "last_seq": .integer(chain.lastSeq), "end": .string(Self.end(chain)),
                        "signed_to": chain.signedSeq.map { .integer($0) } ?? .null, "lost": .integer(chain.lost),
                        "torn": .integer(Int64(chain.torn)),
                    ]
                }),
        ]
    }

    private static func end(_ chain: AuditVerification.Chain) -> String {
        chain.isStopped ? "stopped" : "unterminated"
    }

    private static func line(_ finding: AuditFinding) -> String {
        [finding.place.map { "\($0)" }, finding.chain.map { "chain \($0)" }, finding.text].compactMap { $0 }
            .joined(separator: ": ")
    }

    private static func json(_ finding: AuditFinding) -> JSON {
        [
            "file": finding.place.map { .string($0.path) } ?? .null,
            "line": finding.place.map { .integer(Int64($0.line)) } ?? .null,
            "chain": finding.chain.map { .string($0) } ?? .null, "text": .string(finding.text),
        ]
    }
}
