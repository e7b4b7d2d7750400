import LatchkeyCore
import LatchkeyService
import Testing

@Suite struct LogQueueTests {
    private func queue(_ lines: [(String, Bool)], limit: Int = 20, reserve: Int = 20) -> LogQueue {
        var queue = LogQueue(limit: limit, reserve: reserve)
        for (text, isEssential) in lines { queue.add(Array(text.utf8), isEssential: isEssential) }
        return queue
    }

    private func rest(_ queue: LogQueue) -> String {
        var (queue, text) = (queue, "")
        while let batch = queue.next(maxBytes: 8) { text += String(decoding: batch.bytes, as: UTF8.self) }
        return text
    }

    @Test func `Lines keep their order, and a batch has complete lines`() {
        var queue = queue([("aaa\n", false), ("bbb\n", true), ("ccc\n", false)])
        #expect(queue.next(maxBytes: 8).map { String(decoding: $0.bytes, as: UTF8.self) } == "aaa\nbbb\n")
        #expect(queue.next(maxBytes: 8).map { String(decoding: $0.bytes, as: UTF8.self) } == "ccc\n")
        #expect(queue.next(maxBytes: 8) == nil && queue.isEmpty)
    }

    @Test func `Above the limit an ordinary line is dropped, while an essential one uses the reserve`() {
        let line = "123456789\n"
        let queue = queue([(line, false), (line, true), (line, false), (line, true), (line, true), (line, true)])
        #expect(queue.dropped == 2)
        #expect(
            rest(queue) == line + line + line + line
                + "{\"level\":\"warning\",\"message\":\"log lines were dropped\",\"count\":\"2\","
                + "\"event\":\"lines_dropped\"}\n")
    }

    @Test func `If writing fails, ordinary lines are dropped and essential ones are kept`() throws {
        var queue = queue([("one\n", false), ("ERR\n", true), ("two\n", false), ("ERX\n", true)])
        let next = queue.next(maxBytes: 12)
        let batch = try #require(next)
        queue.failed(batch, written: 0)
        #expect(queue.dropped == 2)
        #expect(rest(queue).hasPrefix("ERR\nERX\n{"))
    }

    @Test(arguments: 1...16)
    func `A partly written line is completed, and no line is written twice`(written: Int) throws {
        let lines = [("one\n", false), ("ERR\n", true), ("two\n", false), ("ERX\n", true)]
        var queue = queue(lines)
        let next = queue.next(maxBytes: 100)
        let batch = try #require(next)
        queue.failed(batch, written: written)
        let said = String(decoding: batch.bytes.prefix(written), as: UTF8.self) + rest(queue)
        let whole = said.split(separator: "\n").filter { !$0.hasPrefix("{") }
        #expect(whole.allSatisfy { ["one", "two", "ERR", "ERX"].contains($0) }, "\(said)")
        #expect(whole.filter { $0.hasPrefix("ER") } == ["ERR", "ERX"])
    }

    @Test func `Lost lines are reported although the line that reports them was cut`() throws {
        var queue = queue([("12345678901234567890\n", false), ("one\n", false)])
        #expect(queue.dropped == 1)
        let next = queue.next(maxBytes: 100)
        let batch = try #require(next)
        queue.failed(batch, written: batch.bytes.count - 3)
        #expect(queue.dropped == 0 && rest(queue) == "\"}\n")
    }

    @Test func `The reserve is available again after its lines are written`() throws {
        var queue = LogQueue(limit: 0, reserve: 8)
        for round in 0..<5000 {
            queue.add(Array("1234567\n".utf8), isEssential: true)
            #expect(queue.dropped == 0, "round \(round)")
            if round % 2 == 0, let batch = queue.next(maxBytes: 8) { queue.failed(batch, written: 0) }
            _ = queue.next(maxBytes: 8)
        }
    }
}
