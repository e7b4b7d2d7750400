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
