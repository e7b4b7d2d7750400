import LatchkeyCore
import LatchkeyTop
import Testing

@Suite struct BrokerFiguresTests {
    private func reading(_ page: String, at second: Int) -> BrokerReading {
        let now = TopFixture.now
        return BrokerReading(
            time: Now(monotonic: now.monotonic + .seconds(second), wall: now.wall + .seconds(second)), health: nil,
            metrics: MetricsPage(Array(page.utf8)))
    }

    private func broker(_ pages: [(String, Int)]) -> WatchedBroker {
        var broker = WatchedBroker(url: "http://a:1")
        for (page, second) in pages { broker.read(reading(page, at: second)) }
        return broker
    }

    private let requests = "latchkey_http_requests_total{route=\"token\",method=\"get\",code=\"200\"}"

    @Test func `Rates are of the time between two readings`() {
        let figures = BrokerFigures([broker([("\(requests) 100", 0), ("\(requests) 130", 10)])])
        #expect(figures.requests == 3 && figures.routes.map(\.rate) == [3])
    }

    @Test func `The first reading has rates since the start`() {
        let start = TopFixture.now.wall.seconds - 50
        let page = "\(requests) 100\nprocess_start_time_seconds \(start)"
        #expect(BrokerFigures([broker([(page, 0)])]).requests == 2)
        #expect(BrokerFigures([broker([("\(requests) 100", 0)])]).requests == 0, "nothing says since when")
    }

    @Test func `A counter that has become smaller began again at 0`() {
        #expect(BrokerFigures([broker([("\(requests) 100", 0), ("\(requests) 8", 4)])]).requests == 2)
    }

    @Test func `A series that is new has grown from 0`() {
        let other = "latchkey_http_requests_total{route=\"secret\",method=\"get\",code=\"503\"}"
        let figures = BrokerFigures([broker([("\(requests) 1", 0), ("\(requests) 1\n\(other) 6", 2)])])
        #expect(figures.requests == 3 && figures.errors == 3)
    }

    @Test func `Quantiles are linear within a bucket, and at most the last bound`() {
        func page(_ counts: [Int]) -> String {
            zip(["0.1", "0.2", "+Inf"], counts).map {
                "latchkey_http_request_duration_seconds_bucket{route=\"token\",le=\"\($0)\"} \($1)"
            }.joined(separator: "\n") + "\n\(requests) 1"
        }
        let zero = (page([0, 0, 0]), 0)
        let half = BrokerFigures([broker([zero, (page([50, 100, 100]), 1)])])
        #expect(half.routes[0].median == 0.1 && abs((half.routes[0].high ?? 0) - 0.198) < 1e-9)
        #expect(BrokerFigures([broker([zero, (page([0, 0, 7]), 1)])]).routes[0].high == 0.2)
        #expect(BrokerFigures([broker([zero, (zero.0, 1)])]).routes[0].high == nil)
    }

    @Test func `Two brokers are added up, and the first token to expire is shown`() {
        func page(_ expiry: Int, _ count: Int) -> String {
            """
            \(requests) \(count)
            latchkey_http_connections 3
            latchkey_token_expiry_timestamp_seconds{profile="default"} \(expiry)

            """
        }
        let now = Int(TopFixture.now.wall.seconds)
        let figures = BrokerFigures([
            broker([(page(now + 900, 0), 0), (page(now + 900, 5), 1)]),
            broker([(page(now + 61, 0), 0), (page(now + 61, 7), 1)]),
        ])
        #expect(figures.requests == 12 && figures.connections == 6)
        #expect(figures.tokens.map(\.seconds) == [60] && figures.tokens.map(\.state) == ["valid"])
    }

    @Test func `Absurd numbers are shown as numbers`() throws {
        for text in ["NaN", "+Inf", "-Inf", "-1e308", "1e308", "9223372036854775808", "0.1"] {
            let names = [
                requests, "process_start_time_seconds", "process_resident_memory_bytes", "process_open_fds",
                "latchkey_token_expiry_timestamp_seconds{profile=\"p\"}", "process_cpu_seconds_total",
                "latchkey_http_request_duration_seconds_bucket{route=\"token\",le=\"\(text)\"}",
            ]
            let page = names.map { "\($0) \(text)\n" }.joined()
            var model = TopModel(urls: ["http://a:1"], interval: 1, now: TopFixture.now.wall)
            model.brokers = [broker([(page, 0), (page + page, 1)])]
            #expect(TopLayout.lines(model, TopSize(columns: 80, rows: 24)).count == 24, "\(text)")
            _ = model.brokers[0].json.text
        }
    }

    @Test(arguments: [
        "{}", "[]", "{\"status\":1}", "{\"status\":\"ok\",\"uptime_seconds\":-1,\"tiers\":[],\"tokens\":7}",
        "{\"status\":\"ok\",\"tokens\":{\"p\":{\"expires_in\":1e300}},\"tiers\":{\"t\":null}}",
    ])
    func `A report in another form is none, or has what can be read`(_ text: String) throws {
        let health = BrokerHealth(try JSON(parsing: Array(text.utf8)))
        #expect(health == nil || health?.status == "ok" && health?.uptime == 0)
    }
}
