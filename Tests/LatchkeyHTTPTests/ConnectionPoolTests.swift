import LatchkeyHTTP
import Testing

@Suite struct ConnectionPoolTests {
    private func pool(_ connections: Int = 2, waiting: Int = 2) -> ConnectionPool {
        ConnectionPool(maxConnections: connections, maxWaiting: waiting)
    }

    @Test func `Requests open connections up to the bound, then wait in line, then are turned away`() {
        var pool = pool()
        #expect((1...5).map { pool.place($0, fresh: false) } == [.connect(1), .connect(2), .wait, .wait, .refuse])
    }

    @Test func `A connection that is free goes to whoever waits longest, else it rests and is used again`() {
        var pool = pool(1)
        #expect(pool.place(1, fresh: false) == .connect(1))
        #expect(pool.place(2, fresh: false) == .wait)
        #expect(pool.released(1) == .send(2, on: 1))
        #expect(pool.released(1) == .park)
        #expect(pool.place(3, fresh: false) == .reuse(1))
    }

    @Test func `The youngest idle connection is used first`() {
        var pool = pool()
        #expect(pool.place(1, fresh: false) == .connect(1))
        #expect(pool.place(2, fresh: false) == .connect(2))
        #expect(pool.released(1) == .park)
        #expect(pool.released(2) == .park)
        #expect(pool.place(3, fresh: false) == .reuse(2))
    }

    @Test func `A repeated request is not put on a connection that was used before`() {
        var pool = pool()
        #expect(pool.place(1, fresh: false) == .connect(1))
        #expect(pool.released(1) == .park)
        #expect(pool.place(2, fresh: true) == .connect(2))
    }

    @Test func `A connection that closes makes room for whoever waits`() {
        var pool = pool(1)
        #expect(pool.place(1, fresh: false) == .connect(1))
        #expect(pool.place(2, fresh: false) == .wait)
        #expect(pool.closed(1) == .connect(2, for: 2))
        #expect(pool.closed(1) == .nothing, "closing twice is closing once")
        #expect(pool.closed(2) == .nothing)
        #expect(pool.isEmpty)
    }

    @Test func `Who gives up while waiting is not served`() {
        var pool = pool(1)
        #expect(pool.place(1, fresh: false) == .connect(1))
        #expect(pool.place(2, fresh: false) == .wait)
        pool.abandon(2)
        #expect(pool.released(1) == .park)
    }
}

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

@Suite struct InflaterTests {
    @Test func `What was compressed comes back`() throws {
        for size in [0, 1, 1000, 200_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 * $0) }
            let packed = try #require(Deflater.gzip(bytes))
            #expect(try Inflater.gunzip(packed, limit: size) == bytes)
        }
    }

    @Test func `A bomb is stopped at the bound`() throws {
        let bomb = try #require(Deflater.gzip([UInt8](repeating: 0, count: 50 << 20)))
        #expect(bomb.count < 300_000)
        #expect(throws: Inflater.Refusal.tooLarge) { try Inflater.gunzip(bomb, limit: 1 << 20) }
    }

    @Test func `What is cut off, damaged, followed by more or no gzip at all is refused`() throws {
        let packed = try #require(Deflater.gzip(Array("some text to compress, some text to compress".utf8)))
        var damaged = packed
        damaged[packed.count - 6] ^= 1
        for bytes in [Array(packed.dropLast()), damaged, packed + [0], Array("plain".utf8), []] {
            #expect(throws: Inflater.Refusal.malformed) { try Inflater.gunzip(bytes, limit: 1000) }
        }
    }
}
