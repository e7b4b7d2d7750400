import LatchkeyCore
import LatchkeyTop
import Testing

@Suite struct TopScreenTests {
    private let size = TopSize(columns: 80, rows: 24)

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `Only lines that have changed are written, within one synchronised update`() throws {
        var model = try TopFixture.model()
        var screen = TopScreen(isColoured: false)
        let first = text(screen.update(TopLayout.lines(model, size), size))
        #expect(first.hasPrefix("\u{1B}[?2026h") && first.hasSuffix("\u{1B}[?2026l"))
        #expect(first.contains("\u{1B}[2J") && first.contains("\u{1B}[24;1H"))
        #expect(screen.update(TopLayout.lines(model, size), size).isEmpty)
        model.press(.character("s"))
        let second = text(screen.update(TopLayout.lines(model, size), size))
        #expect(second.contains("\u{1B}[24;1Hq quit  s sort (latency)"))
        #expect(!second.contains("\u{1B}[1;1H") && !second.contains("\u{1B}[2J"))
        screen.forget()
        #expect(text(screen.update(TopLayout.lines(model, size), size)).contains("\u{1B}[2J"))
    }

    @Test func `Another size is drawn as a whole`() throws {
        let model = try TopFixture.model()
        var screen = TopScreen(isColoured: false)
        _ = screen.update(TopLayout.lines(model, size), size)
        let wide = TopSize(columns: 200, rows: 60)
        #expect(text(screen.update(TopLayout.lines(model, wide), wide)).contains("\u{1B}[2J"))
    }

    @Test func `Colours are on or off, and the text is the same`() throws {
        let lines = TopLayout.lines(try TopFixture.model(), size)
        var plain = TopScreen(isColoured: false)
        var coloured = TopScreen(isColoured: true)
        let without = text(plain.update(lines, size))
        let with = text(coloured.update(lines, size))
        #expect(with.contains("\u{1B}[33mdegraded\u{1B}[0m") && with.contains("\u{1B}[7mq quit"))
        #expect(!without.contains("\u{1B}[33m") && !without.contains("\u{1B}[7m"))
        #expect(with.replacing(#/\x1B\[[0-9;]*m/#, with: "") == without.replacing("\u{1B}[0m", with: ""))
    }

    @Test func `A name from outside cannot control the terminal`() {
        var model = TopModel(urls: ["http://a/\u{1B}[2J\u{9B}31m\u{202E}\r\n漢"], interval: 1, now: TopFixture.now.wall)
        model.brokers[0].failed("\u{7}bell\u{1B}]0;title\u{7}")
        let lines = TopLayout.lines(model, size)
        #expect(lines[0].text.contains("http://a/?[2J?31m?????") || lines[0].text.contains("http://a/?[2J?31m????"))
        for line in lines {
            #expect(line.text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        }
    }

    @Test func `Keys are read from bytes that come in parts`() {
        var reader = TopKeyReader()
        #expect(reader.keys("q?\t".utf8) == [.character("q"), .character("?"), .tab])
        #expect(reader.keys([0x03, 0x1A]) == [.interrupt, .suspend])
        #expect(
            reader.keys("\u{1B}".utf8).isEmpty && reader.keys("[".utf8).isEmpty && reader.keys("Z".utf8) == [.backTab])
        #expect(reader.keys("\u{1B}[A\u{1B}OB\u{1B}[1;5C\u{1B}[D".utf8) == [.up, .down, .right, .left])
        #expect(reader.keys("\u{1B}[200~\u{1B}[15~s".utf8) == [.character("s")])
        #expect(reader.keys([0x1B] + Array(repeating: 0x5B, count: 1) + Array(repeating: 0x30, count: 40)) != [.tab])
        #expect(reader.keys([0xC3, 0xA9, 0x00, 0x7F]).isEmpty)
        #expect(reader.keys("\u{1B}q".utf8) == [.character("q")])
    }
}
