import LatchkeyCore
import LatchkeyTestSupport
import LatchkeyTop
import Testing

@Suite struct TopLayoutTests {
    @Test func `At 80 columns and 24 lines everything of a small broker is shown`() throws {
        let lines = TopLayout.lines(try TopFixture.model(), TopSize(columns: 80, rows: 24))
        let expected = """
            latchkey top  http://127.0.0.1:8700               every 1s  2026-03-01T12:00:00Z
            degraded  0.1.0  up 2h01m  secrets parameter-store
            ! parameter-store fails: ThrottlingException
            ! LATCHKEY_CALLERS_FILE cannot be read: absent
            1207 req/s  p99 2.4ms  4.0 errors/s  3.0 refused/s  10 stale/s
            hit ratio  secret 80.0 %  token 99.9 %  0 retries/s  cpu 34 %  memory 48 MB
            12 connections  7.0 handshakes/s (2.0 failed)  files 23/1024

            ROUTE           REQ/S   P50   P99 5XX/S  TOKEN                    STATE  EXPIRES
            token            1000  28µs 100µs     0  default                  fresh    1h00m
            secret            206 172µs 2.5ms   4.0  reports                   none        -
            extension_para…   1.0     -     -     0
                                                     TIER              HIT  MISS STALE ERROR
            UPSTREAM              CALLS ERROR   P99  token memory      999   1.0     0     0
            params GetParameter      40    10     -  secret memory     150    40    10     0
            auth0 issue_token       1.0     0     -  secret params      30     0     0    10

                                                     CALLER                ALLOW  DENY WOULD
                                                     orders                 1000     0     0
                                                     billing                 200    20   6.0



            q quit  s sort (rate)  r reverse  p pause  ? help
            """
        #expect(lines.map(\.text).joined(separator: "\n") == expected)
    }

    @Test func `At 200 columns and 60 lines the tables are in three columns, with whole names`() throws {
        let text = TopLayout.lines(try TopFixture.model(), TopSize(columns: 200, rows: 60)).map(\.text)
        #expect(text.count == 60)
        let heads = text.filter { $0.contains("ROUTE") }
        #expect(heads.count == 1 && heads[0].contains("TIER") && heads[0].contains("UPSTREAM"))
        #expect(text.contains { $0.contains("CALLER") && $0.contains("TOKEN") })
        for name in ["extension_parameters", "secret parameter_store", "parameter_store GetParameter"] {
            #expect(text.contains { $0.contains(name) }, "\(name)")
        }
        #expect(text.allSatisfy { !$0.contains("…") })
    }

    @Test func `Lines have exactly the size of the screen, whatever it is and whatever is shown`() throws {
        var random = SeededGenerator(seed: 17)
        for urls in [["http://a:1"], ["http://a:1", "unix:/run/\u{1F511}\u{301}.sock", "http://c:3"]] {
            var model = try TopFixture.model(urls)
            for _ in 0..<300 {
                let size = TopSize(
                    columns: Int.random(in: 0...220, using: &random), rows: Int.random(in: 0...70, using: &random))
                model.isHelp = Bool.random(using: &random)
                model.selected = [nil, 0, 2].randomElement(using: &random) ?? nil
                let lines = TopLayout.lines(model, size)
                #expect(lines.count == size.rows)
                #expect(lines.allSatisfy { $0.width == size.columns })
                #expect(lines.allSatisfy { $0.text.unicodeScalars.count <= size.columns })
            }
        }
    }

    @Test func `What does not fit is counted, and a table without room for a row is left out`() throws {
        let text = TopLayout.lines(try TopFixture.model(), TopSize(columns: 40, rows: 20)).map(\.text)
        #expect(text.contains("… 2 more") && !text.contains { $0.hasPrefix("CALLER") })
        #expect(text.last?.hasPrefix("q quit") == true)
    }

    @Test func `Without a number of lines nothing is left out`() throws {
        let text = TopLayout.lines(try TopFixture.model(), TopSize(columns: 60, rows: nil)).map(\.text)
        for head in ["TOKEN", "ROUTE", "TIER", "UPSTREAM", "CALLER"] {
            #expect(text.contains { $0.hasPrefix(head) }, "\(head)")
        }
        #expect(!text.contains { $0.contains("more") || $0.hasPrefix("q quit") })
    }

    @Test func `Tables are sorted by rate, latency, errors or name, and in reverse`() throws {
        var model = try TopFixture.model()
        func routes() -> [String] {
            let text = TopLayout.lines(model, TopSize(columns: 200, rows: 60)).map(\.text)
            let start = text.firstIndex { $0.hasPrefix("ROUTE") } ?? 0
            return text[(start + 1)...(start + 3)].map { String($0.prefix { $0 != " " }) }
        }
        #expect(routes() == ["token", "secret", "extension_parameters"])
        model.press(.character("l"))
        #expect(routes() == ["secret", "token", "extension_parameters"])
        model.press(.character("e"))
        #expect(routes() == ["secret", "extension_parameters", "token"])
        model.press(.character("n"))
        #expect(routes() == ["extension_parameters", "secret", "token"])
        model.press(.character("r"))
        #expect(routes() == ["token", "secret", "extension_parameters"])
        model.press(.character("s"))
        #expect(model.sort == .rate)
    }

    @Test func `Several brokers are shown together, and the one that a key selects`() throws {
        var model = try TopFixture.model(["http://a:1", "http://b:2"])
        model.brokers[1].failed("cannot be reached [connection_refused]")
        func text() -> String {
            TopLayout.lines(model, TopSize(columns: 80, rows: 24)).map(\.text).joined(separator: "\n")
        }
        #expect(text().contains("1 degraded  1 unreachable") && text().contains("2 brokers"))
        #expect(text().contains("1207 req/s"), "a broker that cannot be reached has no rate")
        model.press(.tab)
        #expect(text().contains("> http://a:1") && model.shown.map(\.url) == ["http://a:1"])
        model.press(.tab)
        #expect(text().contains("unreachable  cannot be reached [connection_refused]"))
        model.press(.tab)
        #expect(model.selected == nil)
        model.press(.backTab)
        #expect(model.selected == 1)
        model.press(.character("1"))
        model.press(.character("9"))
        #expect(model.selected == 0)
        model.press(.character("a"))
        #expect(model.selected == nil && !model.isOver)
        model.press(.character("q"))
        #expect(model.isOver)
    }
}
