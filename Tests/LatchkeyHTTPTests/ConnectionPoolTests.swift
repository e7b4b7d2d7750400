import LatchkeyHTTP
import Testing

@Suite struct ConnectionPoolTests {
    private func pool(_ connections: Int = 2, waiting: Int = 2) -> ConnectionPool {
        ConnectionPool(maxConnections: connections, maxWaiting: waiting)
    }

    @Test func `Requests open connections up to the bound, then wait in line, then are turned away`() {
        var pool = pool()
        #expect(
            (1...5).map { pool.assign($0, requiresNew: false) } == [.connect(1), .connect(2), .wait, .wait, .reject])
    }

    @Test func `A connection that is free goes to whoever waits longest, else it rests and is used again`() {
        var pool = pool(1)
        #expect(pool.assign(1, requiresNew: false) == .connect(1))
        #expect(pool.assign(2, requiresNew: false) == .wait)
        #expect(pool.released(1) == .send(2, on: 1))
        #expect(pool.released(1) == .keepIdle)
        #expect(pool.assign(3, requiresNew: false) == .reuse(1))
    }

    @Test func `The youngest idle connection is used first`() {
        var pool = pool()
        #expect(pool.assign(1, requiresNew: false) == .connect(1))
        #expect(pool.assign(2, requiresNew: false) == .connect(2))
        #expect(pool.released(1) == .keepIdle)
        #expect(pool.released(2) == .keepIdle)
        #expect(pool.assign(3, requiresNew: false) == .reuse(2))
    }

    @Test func `A repeated request is not put on a connection that was used before`() {
        var pool = pool()
        #expect(pool.assign(1, requiresNew: false) == .connect(1))
        #expect(pool.released(1) == .keepIdle)
        #expect(pool.assign(2, requiresNew: true) == .connect(2))
    }

    @Test func `A connection that closes makes room for whoever waits`() {
        var pool = pool(1)
        #expect(pool.assign(1, requiresNew: false) == .connect(1))
        #expect(pool.assign(2, requiresNew: false) == .wait)
        #expect(pool.closed(1) == .connect(2, for: 2))
        #expect(pool.closed(1) == .nothing, "closing twice is closing once")
        #expect(pool.closed(2) == .nothing)
        #expect(pool.isEmpty)
    }

    @Test func `Who gives up while waiting is not served`() {
        var pool = pool(1)
        #expect(pool.assign(1, requiresNew: false) == .connect(1))
        #expect(pool.assign(2, requiresNew: false) == .wait)
        pool.cancel(2)
        #expect(pool.released(1) == .keepIdle)
    }
}
