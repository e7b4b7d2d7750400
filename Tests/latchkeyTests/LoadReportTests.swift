import LatchkeyCore
import Testing
import latchkey

@Suite struct LoadReportTests {
    private func sample(_ milliseconds: Double, _ digest: String? = "d", _ error: String? = nil) -> LoadReport.Sample {
        LoadReport.Sample(
            seconds: milliseconds / 1000, digest: digest, tier: error == nil ? "memory" : nil, error: error)
    }

    @Test func `Percentiles use the nearest rank`() {
        let report = LoadReport((1...100).map { sample(Double($0)) }, elapsed: 2, issuerCalls: 1)
        #expect(report.percentiles.map { $0.milliseconds.rounded() } == [50, 90, 95, 99, 100])
        #expect(report.requestsPerSecond == 50)
        #expect(report.isGood)
    }

    @Test func `Two different tokens, an error or no sample is not good`() {
        #expect(!LoadReport([sample(1, "a"), sample(1, "b")], elapsed: 1, issuerCalls: nil).isGood)
        #expect(!LoadReport([sample(1), sample(1, nil, "overloaded")], elapsed: 1, issuerCalls: nil).isGood)
        #expect(!LoadReport([], elapsed: 0, issuerCalls: nil).isGood)
    }

    @Test func `The report counts tiers and errors, for people and for programs`() {
        let report = LoadReport([sample(1), sample(2), sample(3, nil, "timed_out")], elapsed: 1, issuerCalls: 1)
        #expect(report.tiers == ["memory": 2] && report.errors == ["timed_out": 1])
        #expect(report.text.contains("error timed_out 1") && report.text.contains("issuer calls    1"))
        #expect(report.json["errors"] == ["timed_out": 1] && report.json["good"] == false)
    }
}
