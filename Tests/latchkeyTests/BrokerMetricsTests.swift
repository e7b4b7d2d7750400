import LatchkeyBroker
import LatchkeyCore
import LatchkeyMigration
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing
import latchkey

@Suite struct BrokerMetricsTests {
    @Test func `Samples are summed by name and labels, and other programs' lines are ignored`() throws {
        let metrics = try BrokerMetrics(
            """
            # TYPE latchkey_shadow_comparisons_total counter
            latchkey_shadow_comparisons_total{result="match"} 5
            latchkey_shadow_comparisons_total{result="error"} 2 1700000000000
            process_start_time_seconds 1700000000.25
            go_gc_duration_seconds{quantile="0.5"} NaN
            process_open_fds -1
            """)
        let sample = metrics.shadow(at: WallTime(milliseconds: 1))
        #expect(sample.matches == 5 && sample.errors == 2 && sample.mismatches == 0)
        #expect(sample.started == WallTime(milliseconds: 1_700_000_000_250))
    }

    @Test(arguments: Extremes.texts)
    func `A value is a number in range, or the error names the line`(_ text: String) {
        for name in ["latchkey_http_requests_total{route=\"token\"}", "process_start_time_seconds"] {
            do throws(BrokerMetrics.Malformed) {
                let metrics = try BrokerMetrics("# one\n\(name) \(text)\n")
                let bare = String(name.prefix { $0 != "{" })
                #expect(metrics.sum(bare) >= 0 && metrics.sum(bare) <= 0x1p53)
                #expect(metrics.count(bare, [:]) >= 0)
                _ = metrics.shadow(at: WallTime(milliseconds: 0))
            } catch {
                #expect(error.line == 2)
            }
        }
    }

    @Test func `Many large counts do not overflow`() throws {
        let line = "latchkey_http_requests_total{route=\"token\",code=\"200\"} 9007199254740992\n"
        let metrics = try BrokerMetrics(String(repeating: line, count: 5000))
        #expect(metrics.count("latchkey_http_requests_total", ["route": "token"]) == 1 << 53)
    }
}
