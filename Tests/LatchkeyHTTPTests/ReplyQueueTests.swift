import LatchkeyHTTP
import Testing

@Suite struct ReplyQueueTests {
    private func drained(_ queue: inout ReplyQueue) -> String {
        var output: [UInt8] = []
        while case .bytes(let bytes) = queue.popDue() { output += bytes }
        return String(decoding: output, as: UTF8.self)
    }

    @Test func `Replies leave in order, each as soon as all replies before it have left`() {
        var queue = ReplyQueue()
        let first = queue.reserve()
        queue.append(ready: Array("b".utf8))
        let third = queue.reserve()
        #expect(drained(&queue) == "" && queue.count == 3)
        queue.resolve(third, with: .bytes(Array("c".utf8)))
        #expect(drained(&queue) == "")
        queue.resolve(first, with: .bytes(Array("a".utf8)))
        #expect(drained(&queue) == "abc" && queue.isEmpty)
    }

    @Test func `A second reply to one request is ignored`() {
        var queue = ReplyQueue()
        let only = queue.reserve()
        #expect(queue.isWaiting(only))
        queue.resolve(only, with: .bytes(Array("1".utf8)))
        queue.resolve(only, with: .bytes(Array("2".utf8)))
        #expect(drained(&queue) == "1")
        queue.resolve(only, with: .bytes(Array("3".utf8)))
        #expect(drained(&queue) == "" && !queue.isWaiting(only))
    }

    @Test func `A reply that blocks the pipeline holds back further requests`() {
        var queue = ReplyQueue()
        let first = queue.reserve()
        let blockingNumber = queue.reserve(blocksPipeline: true)
        #expect(!queue.acceptsMore)
        queue.resolve(first, with: .bytes([1]))
        _ = queue.popDue()
        #expect(!queue.acceptsMore)
        queue.resolve(blockingNumber, with: .bytes([2, 3]))
        #expect(queue.renderedBytes == 2 && queue.isDue)
        _ = queue.popDue()
        #expect(queue.acceptsMore && queue.isEmpty && queue.renderedBytes == 0)
    }
}
