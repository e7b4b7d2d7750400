package import LatchkeyCore

/// All findings in the order of the checks.
package struct Diagnosis: Sendable {
    package var findings: [Finding] = []
    /// Whether a warning counts as a problem.
    package var isStrict = false

    package init(_ findings: [Finding] = []) { self.findings = findings }

    /// The exit code. Of several problems the one to fix first counts: settings, then permissions, then unavailable
    /// upstreams, then the rest.
    package var status: ExitStatus {
        let met = Set(findings.filter { $0.severity == .problem }.map(\.status))
        let isClean = met.isEmpty && !(isStrict && count(.warning) > 0)
        return [.configuration, .denied, .unavailable].first { met.contains($0) } ?? (isClean ? .done : .failed)
    }

    private func count(_ severity: Finding.Severity) -> Int { findings.count { $0.severity == severity } }

    package var json: JSON {
        [
            "healthy": .bool(status == .done), "exit_code": .integer(Int64(status.rawValue)),
            "findings": .array(findings.map(\.json)),
            "summary": .object(
                JSONObject(
                    [Finding.Severity.fine, .skipped, .warning, .problem].map {
                        ($0.rawValue, .integer(Int64(count($0))))
                    })),
        ]
    }

    /// The output for people: one line per finding, with the remedy below it.
    package var page: [String] {
        var table = Table(["", "ABOUT", "", ""], state: 0)
        for finding in findings {
            table.add(
                [finding.severity.rawValue, finding.area.rawValue, finding.subject, finding.explanation],
                finding.severity.style)
            if let remedy = finding.remedy { table.add(["", "", "", "-> \(remedy)"]) }
        }
        let summary = "\(count(.problem)) problems, \(count(.warning)) warnings, \(count(.fine)) fine"
        return Array(table.lines.dropFirst()) + [
            "", summary + (count(.skipped) > 0 ? ", \(count(.skipped)) skipped" : ""),
        ]
    }
}
