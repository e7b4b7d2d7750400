import LatchkeyAPI
import LatchkeyBroker
import LatchkeyCore
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Synchronization
import Testing

@Suite struct RequestLogLimiterTests {
    /// Whether a response with this status is admitted at each of these times, in milliseconds.
    private func admitted(_ status: StatusCode, at times: [Int64], _ limiter: inout RequestLogLimiter) -> [Bool] {
        times.map { limiter.admits(status, now: MonotonicTime(nanoseconds: $0 * 1_000_000)) }
    }

    @Test func `No second has more than ten lines of one status`() {
        var random = SeededGenerator(seed: 13)
        var limiter = RequestLogLimiter()
        var shown: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<5000 {
            now += Int64.random(in: 0...90, using: &random)
            if admitted(.badRequest, at: [now], &limiter) == [true] { shown.append(now) }
        }
        #expect(shown.count > 1000)
        for index in shown.indices.dropFirst(RequestLogLimiter.maxLines) {
            #expect(shown[index] - shown[index - RequestLogLimiter.maxLines] >= 1000)
        }
    }

    @Test func `Each status is counted separately, and omissions are reported once`() {
        var limiter = RequestLogLimiter()
        let twelve = [Int64](repeating: 5, count: 12)
        #expect(admitted(.notFound, at: twelve, &limiter).filter { $0 }.count == 10)
        #expect(admitted(.unauthorized, at: twelve + [5], &limiter).filter { $0 }.count == 10)
        #expect(
            limiter.takeOmitted() == [
                RequestLogLimiter.OmittedAnswers(status: .unauthorized, count: 3),
                RequestLogLimiter.OmittedAnswers(status: .notFound, count: 2),
            ])
        #expect(limiter.takeOmitted().isEmpty)
    }

    @Test func `After a second ten lines are admitted again`() {
        var limiter = RequestLogLimiter()
        #expect(admitted(.forbidden, at: [Int64](repeating: 0, count: 11), &limiter).last == false)
        #expect(admitted(.forbidden, at: [999, 1000], &limiter) == [false, true])
        #expect(admitted(.forbidden, at: [Int64](repeating: 1001, count: 10), &limiter).filter { $0 }.count == 9)
    }
}

@Suite struct RequestLogTests {
    private struct Line: Equatable {
        var message: String
        var level: Logger.Level
        var fields: [String: String]
        var isEssential: Bool
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[Line]>([])

        var all: [Line] { lines.withLock { $0 } }

        func append(_ line: Line) { lines.withLock { $0.append(line) } }
    }

    private let clock = ManualClock()
    private let sleeper: ManualSleeper
    private let lines = Lines()

    init() { sleeper = ManualSleeper(clock) }

    private func log(_ level: Logger.Level) -> RequestLog {
        let sleeper = sleeper
        let lines = lines
        return RequestLog(
            level: level, time: sleeper.source
        ) { message, level, metadata, isEssential in
            lines.append(
                Line(
                    message: message, level: level, fields: metadata.mapValues { "\($0)" }, isEssential: isEssential))
        }
    }

    private func answer(_ status: Int, id: String = "id-1") -> RequestLog.Entry {
        RequestLog.Entry(
            requestID: id, route: .secret, method: .get, status: status, caller: "orders", tier: "memory",
            duration: .microseconds(1042))
    }

    @Test(arguments: [
        (Logger.Level.trace, [200, 304, 404, 503]), (.debug, [200, 304, 404, 503]), (.info, [404, 503]), (.notice, []),
        (.error, []),
    ])
    func `The log level decides which responses are logged`(level: Logger.Level, logged: [Int]) {
        let log = log(level)
        for status in [200, 304, 404, 503] { log.record(answer(status)) }
        #expect(lines.all.map { $0.fields["status"] } == logged.map { "\($0)" })
        #expect([200, 304, 404, 503].filter { log.mayLog(status: $0) } == logged)
    }

    @Test func `The level can be changed for later responses`() {
        let log = log(.error)
        log.record(answer(503))
        for level in [Logger.Level.debug, .info, .error] {
            log.setLevel(level)
            for status in [200, 404, 503] { log.record(answer(status)) }
        }
        #expect(lines.all.map { $0.fields["status"] } == ["200", "404", "503", "404", "503"])
    }

    @Test func `A line has everything that is known about a request`() {
        log(.debug).record(answer(200))
        #expect(
            lines.all == [
                Line(
                    message: "request", level: .debug,
                    fields: [
                        "event": "request", "request_id": "id-1", "route": "secret", "method": "get", "status": "200",
                        "caller": "orders",
                        "tier": "memory", "duration_ms": "1.042",
                    ], isEssential: false)
            ])
    }

    @Test func `Unknown values are a dash`() {
        var entry = answer(401)
        (entry.caller, entry.tier, entry.duration) = (nil, nil, .zero)
        log(.info).record(entry)
        #expect(lines.all.first?.fields["caller"] == "-" && lines.all.first?.fields["tier"] == "-")
        #expect(lines.all.first?.fields["duration_ms"] == "0.000")
    }

    @Test func `Every response of 500 and above has an essential line at info`() {
        let log = log(.info)
        for number in 0..<1000 { log.record(answer(500 + number % 5, id: "\(number)")) }
        #expect(lines.all.map { $0.fields["request_id"] } == (0..<1000).map { "\($0)" })
        #expect(lines.all.allSatisfy { $0.isEssential && $0.level == .info })
    }

    @Test func `Other errors are limited to ten a second, and the number of the others follows`() async {
        let log = log(.info)
        for number in 0..<25 { log.record(answer(401, id: "\(number)")) }
        #expect(lines.all.map { $0.fields["request_id"] } == (0..<10).map { "\($0)" })
        await settle { sleeper.times == [clock.now.monotonic + .seconds(1)] }
        sleeper.advance(by: .seconds(1))
        await settle { lines.all.count == 11 }
        #expect(lines.all.last?.fields == ["event": "requests_omitted", "status": "401", "count": "15"])
        log.record(answer(401, id: "later"))
        #expect(lines.all.last?.fields["request_id"] == "later")
    }

    @Test func `At debug no error is omitted`() {
        let log = log(.debug)
        for _ in 0..<25 { log.record(answer(401)) }
        log.reportOmitted()
        #expect(lines.all.count == 25)
    }

    @Test func `The end of the process reports omissions once`() async {
        let log = log(.info)
        for _ in 0..<12 { log.record(answer(404)) }
        log.reportOmitted()
        #expect(lines.all.last?.fields == ["event": "requests_omitted", "status": "404", "count": "2"])
        await settle { sleeper.times == [clock.now.monotonic + .seconds(1)] }
        sleeper.advance(by: .seconds(1))
        await settle { sleeper.times.isEmpty }
        #expect(lines.all.count == 11)
    }
}
