import LatchkeyHTTP
import Testing

@Suite struct ReplyQueueTests {
    private func drained(_ queue: inout ReplyQueue) -> String {
        var output: [UInt8] = []
        while case .bytes(let bytes) = queue.popDue() { output += bytes }
        return String(decoding: output, as: UTF8.self)
    }

    @Test func `Replies leave in order, each as soon as all before it have`() {
        var queue = ReplyQueue()
        let first = queue.wait()
        queue.append(ready: Array("b".utf8))
        let third = queue.wait()
        #expect(drained(&queue) == "" && queue.count == 3)
        queue.fulfil(third, with: .bytes(Array("c".utf8)))
        #expect(drained(&queue) == "")
        queue.fulfil(first, with: .bytes(Array("a".utf8)))
        #expect(drained(&queue) == "abc" && queue.isEmpty)
    }

    @Test func `A second reply to one request changes nothing`() {
        var queue = ReplyQueue()
        let only = queue.wait()
        #expect(queue.isWaiting(only))
        queue.fulfil(only, with: .bytes(Array("1".utf8)))
        queue.fulfil(only, with: .bytes(Array("2".utf8)))
        #expect(drained(&queue) == "1")
        queue.fulfil(only, with: .bytes(Array("3".utf8)))
        #expect(drained(&queue) == "" && !queue.isWaiting(only))
    }

    @Test func `A request that must be answered alone holds back those behind it`() {
        var queue = ReplyQueue()
        let first = queue.wait()
        let alone = queue.wait(alone: true)
        #expect(!queue.takesMore)
        queue.fulfil(first, with: .bytes([1]))
        _ = queue.popDue()
        #expect(!queue.takesMore)
        queue.fulfil(alone, with: .bytes([2, 3]))
        #expect(queue.renderedBytes == 2 && queue.isDue)
        _ = queue.popDue()
        #expect(queue.takesMore && queue.isEmpty && queue.renderedBytes == 0)
    }
}
