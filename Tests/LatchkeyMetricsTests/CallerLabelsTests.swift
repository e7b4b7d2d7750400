import LatchkeyMetrics
import Testing

@Suite("Labels of callers") struct CallerLabelsTests {
    private let metrics = Metrics(version: "1", profiles: [])

    private func page() -> [String] {
        var bytes: [UInt8] = []
        metrics.render(.prometheus004, into: &bytes)
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func samples() -> [String] { page().filter { $0.hasPrefix("latchkey_caller_requests_total{") } }

    @Test func `A caller keeps its series while it exists, and they end with it`() {
        let first = metrics.callers(["default", "a", "b"])
        #expect(Set(first).count == 3)
        metrics.callerRequest(first[2], .secret, .denied)
        #expect(samples() == [#"latchkey_caller_requests_total{caller="b",resource="secret",decision="denied"} 1"#])
        let second = metrics.callers(["b", "c"])
        #expect(second[0] == first[2] && second[1] != second[0])
        metrics.callerRequest(second[0], .secret, .denied)
        #expect(samples() == [#"latchkey_caller_requests_total{caller="b",resource="secret",decision="denied"} 2"#])
        _ = metrics.callers([])
        #expect(samples().isEmpty)
        #expect(metrics.callers(["b"]).count == 1 && samples().isEmpty)
    }

    @Test func `Callers past the limit share one label`() {
        let ids = (0..<100).map { "c\($0)" }
        let ordinals = metrics.callers(ids)
        #expect(Set(ordinals).count == CallerLabels.maxNamed + 1)
        for ordinal in ordinals { metrics.policyWouldDeny(ordinal) }
        let lines = page().filter { $0.hasPrefix("latchkey_policy_would_deny_total{") }
        #expect(lines.count == CallerLabels.maxNamed + 1)
        #expect(lines.contains(#"latchkey_policy_would_deny_total{caller="other"} 36"#))
    }
}
