import LatchkeyCore
import LatchkeyMetrics
import Testing

@Suite("State on the metrics page") struct StateGaugesTests {
    private let metrics = Metrics(version: "1", profiles: ["default"], certificates: ["default"])
    private let now = MonotonicTime(nanoseconds: 0)

    private func samples(_ prefix: String) -> [String] {
        var bytes: [UInt8] = []
        metrics.render(.prometheus004, into: &bytes)
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix(prefix) }
    }

    @Test func `There is no state before the first reading`() {
        for name in ["health_status", "reloads_failing", "oldest_stale_secret", "aws_credentials"] {
            #expect(samples("latchkey_\(name)").isEmpty)
        }
    }

    @Test(arguments: HealthStatus.allCases)
    func `The present status alone is 1`(status: HealthStatus) {
        metrics.state(StateReading(health: .ok), now)
        metrics.state(StateReading(health: status), now)
        #expect(
            samples("latchkey_health_status")
                == HealthStatus.allCases.map {
                    #"latchkey_health_status{status="\#($0.label)"} \#($0 == status ? 1 : 0)"#
                })
    }

    @Test func `What fails is counted by subject, and is 0 once it works`() {
        var reading = StateReading(health: .degraded)
        reading.failingReloads = [.jwks: 2]
        metrics.state(reading, now)
        #expect(samples("latchkey_reloads_failing").count == ReloadSubject.allCases.count)
        #expect(samples(#"latchkey_reloads_failing{what="jwks"}"#) == [#"latchkey_reloads_failing{what="jwks"} 2"#])
        metrics.state(StateReading(health: .ok), now)
        #expect(samples("latchkey_reloads_failing").allSatisfy { $0.hasSuffix(" 0") })
    }

    @Test func `Without a stale secret its age is 0, and without an expiry there is none`() {
        var reading = StateReading(health: .degraded)
        reading.oldestStaleSecret = .milliseconds(61_500)
        reading.credentialsExpiry = WallTime(seconds: 1_800_000_000)
        metrics.state(reading, now)
        #expect(samples("latchkey_oldest_stale") == ["latchkey_oldest_stale_secret_age_seconds 61"])
        #expect(samples("latchkey_aws_cred") == ["latchkey_aws_credentials_expiry_timestamp_seconds 1800000000"])
        metrics.state(StateReading(health: .ok), now)
        #expect(samples("latchkey_oldest_stale") == ["latchkey_oldest_stale_secret_age_seconds 0"])
        #expect(samples("latchkey_aws_cred").isEmpty)
    }

    @Test func `A certificate has the start and the end of its validity`() {
        metrics.certificate(0, from: WallTime(seconds: 5), until: WallTime(seconds: 9))
        #expect(
            samples("latchkey_tls_certificate") == [
                #"latchkey_tls_certificate_start_timestamp_seconds{name="default"} 5"#,
                #"latchkey_tls_certificate_expiry_timestamp_seconds{name="default"} 9"#,
            ])
    }

    @Test
    func `An allowance is full again when the issuer has said so, and unknown if it has not said how much that is`() {
        let later = now + .seconds(60)
        let left = { self.samples("latchkey_issuer_quota_remaining") }
        metrics.issuerQuota(profile: "default", .clientHour, remaining: 1, limit: 100, fullAt: later)
        metrics.issuerQuota(profile: "default", .rate, remaining: 0, fullAt: later)
        metrics.issuerQuota(profile: "default", .budget, remaining: 7, limit: 60)
        metrics.state(StateReading(health: .ok), now + .seconds(59))
        #expect(
            left() == [
                #"latchkey_issuer_quota_remaining{profile="default",bucket="rate"} 0"#,
                #"latchkey_issuer_quota_remaining{profile="default",bucket="client_per_hour"} 1"#,
                #"latchkey_issuer_quota_remaining{profile="default",bucket="budget"} 7"#,
            ])
        metrics.state(StateReading(health: .ok), later)
        #expect(
            left() == [
                #"latchkey_issuer_quota_remaining{profile="default",bucket="client_per_hour"} 100"#,
                #"latchkey_issuer_quota_remaining{profile="default",bucket="budget"} 7"#,
            ])
        #expect(samples("latchkey_issuer_quota_limit").count == 2)
    }

    @Test func `A removed profile's allowance is not filled`() {
        let metrics = Metrics(version: "1", profiles: ["default"], profileSlots: 2)
        metrics.profile(1, isNamed: "a")
        metrics.issuerQuota(profile: "a", .clientDay, remaining: 1, limit: 9, fullAt: now)
        metrics.profile(1, isNamed: nil)
        metrics.profile(1, isNamed: "b")
        metrics.state(StateReading(health: .ok), now + .seconds(1))
        var bytes: [UInt8] = []
        metrics.render(.prometheus004, into: &bytes)
        #expect(!String(decoding: bytes, as: UTF8.self).contains("latchkey_issuer_quota"))
    }
}
