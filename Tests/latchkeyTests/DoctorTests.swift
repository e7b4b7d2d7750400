import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@testable import latchkey

@Suite struct DoctorTests {
    private static let now = WallTime(seconds: 1_790_000_000)

    private static func problem(exit status: Int32) -> Finding {
        .problem(exit: .init(rawValue: status) ?? .usage, .permission, "s", "e", remedy: "r")
    }

    /// Exit codes of problems, and the resulting exit code.
    private static let exits: [([Int32], Int32)] = [
        ([], 0), ([1], 1), ([1, 69], 69), ([69, 77], 77), ([77, 78, 69], 78),
    ]

    @Test(arguments: exits)
    func `The exit code is that of the problem to fix first`(statuses: [Int32], expected: Int32) {
        #expect(Diagnosis(statuses.map(Self.problem)).status.rawValue == expected)
    }

    @Test func `A warning counts only in strict mode`() {
        var diagnosis = Diagnosis([.warning(.clock, "skew", "e", remedy: "r"), .fine(.blob, "b", "e")])
        #expect(diagnosis.status.rawValue == 0)
        diagnosis.isStrict = true
        #expect(diagnosis.status.rawValue == 1)
    }

    @Test func `The remedy is below the problem`() {
        let page = Diagnosis([Self.problem(exit: 77), .fine(.blob, "b", "\u{1B}[31m")]).page
        #expect(page.contains { $0.contains("-> r") })
        #expect(page.last == "1 problems, 0 warnings, 1 fine")
        #expect(!page.joined().contains("\u{1B}"))
    }

    @Test(arguments: [
        (0, Finding.Severity.fine), (5, .fine), (-5, .fine), (6, .warning), (-239, .warning), (240, .problem),
        (-86_400, .problem),
    ])
    func `The finding depends on how far the clock is off in either direction`(seconds: Int, severity: Finding.Severity)
    {
        let asked = Self.now + .seconds(seconds)
        let reading = ClockReading(serverTime: Self.now, asked: asked, answered: asked)
        #expect(reading.finding.severity == severity)
    }

    @Test func `Network time does not count as a clock difference`() {
        let asked = Self.now + .seconds(-4)
        #expect(ClockReading(serverTime: Self.now, asked: asked, answered: asked + .seconds(8)).ahead == .zero)
    }

    @Test(arguments: [
        (#"{"AUTH0_DOMAIN":"tenant.eu.auth0.com"}"#, Finding.Severity.fine),
        (#"{"AUTH0_DOMAIN":"http://tenant.eu.auth0.com/x"}"#, .problem), (#"{"AUTH0_DOMAIN":" a.example"}"#, .problem),
        (#"{"AUTH0_DOMAIN":""}"#, .problem), (#"{}"#, .problem), ("null", .problem), ("", .problem),
    ])
    func `A blob is checked for the fields that are needed from it`(text: String, severity: Finding.Severity) {
        let shape = BlobShape(name: "/a/secrets", value: Secret(text), wanted: ["AUTH0_DOMAIN"])
        #expect(shape.findings.map(\.severity) == [severity])
    }

    @Test func `No finding contains any part of a value`() {
        let value = "hunter2-in-no-json"
        let blob = BlobShape(name: "/a/secrets", value: Secret(value), wanted: []).findings
        let pair = PairShape(name: "/a/t", token: Secret(value + " x"), expires: "1").finding(
            now: Now(monotonic: MonotonicTime(nanoseconds: 0), wall: Self.now), buffer: .standard)
        for finding in blob + [pair] { #expect(!"\(finding)".contains("hunter2")) }
    }

    @Test(arguments: [
        (UpstreamFault(.denied, upstream: .auth0, code: "access_denied"), 77 as Int32, "grant"),
        (UpstreamFault(.throttled, upstream: .auth0), 69, "quota"),
        (UpstreamFault(.invalid, upstream: .auth0, code: "not_json"), 69, "LATCHKEY_AUTH0_TOKEN_URL"),
        (UpstreamFault(.unavailable, upstream: .auth0, code: "tls_failed"), 69, "openssl s_client"),
        (
            UpstreamFault(.notReady, upstream: .auth0, subject: "AUTH0_DOMAIN is not set"), 78,
            "AUTH0_DOMAIN"
        ),
    ])
    func `A failure of an issuer has a remedy`(fault: UpstreamFault, status: Int32, remedy: String) {
        let finding = IssuerCheck.finding(fault, "default", Origin(scheme: .https, host: "tenant.example"))
        #expect(finding.severity == .problem && finding.status.rawValue == status)
        #expect((finding.explanation + (finding.remedy ?? "")).contains(remedy))
    }
}
