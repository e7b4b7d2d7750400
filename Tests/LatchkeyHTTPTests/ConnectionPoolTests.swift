import LatchkeyHTTP
import Testing

@Suite struct ConnectionPoolTests {
    private func pool(_ connections: Int = 2, waiting: Int = 2) -> ConnectionPool {
        ConnectionPool(maxConnections: connections, maxWaiting: waiting)
    }

    @Test func `Requests open connections up to the maximum, then wait up to a maximum, then are rejected`() {
        var pool = pool()
        #expect(
            (1...5).map { pool.assign($0, requiresNew: false) } == [.connect(1), .connect(2), .wait, .wait, .reject])
    }

    @Test func `A released connection serves the request that waits longest, or is kept idle and reused`() {
        var pool = pool(1)
        #expect(pool.assign(1, requiresNew: false) == .connect(1))
        #expect(pool.assign(2, requiresNew: false) == .wait)
        #expect(pool.released(1) == .send(2, on: 1))
        #expect(pool.released(1) == .keepIdle)
        #expect(pool.assign(3, requiresNew: false) == .reuse(1))
    }

    @Test func `The idle connection that was used last is reused first`() {
        var pool = pool()
        #expect(pool.assign(1, requiresNew: false) == .connect(1))
        #expect(pool.assign(2, requiresNew: false) == .connect(2))
        #expect(pool.released(1) == .keepIdle)
        #expect(pool.released(2) == .keepIdle)
        #expect(pool.assign(3, requiresNew: false) == .reuse(2))
    }

    @Test func `A repeated request gets a new connection`() {
        var pool = pool()
        #expect(pool.assign(1, requiresNew: false) == .connect(1))
        #expect(pool.released(1) == .keepIdle)
        #expect(pool.assign(2, requiresNew: true) == .connect(2))
    }

    @Test func `A closed connection is replaced for a waiting request`() {
        var pool = pool(1)
        #expect(pool.assign(1, requiresNew: false) == .connect(1))
        #expect(pool.assign(2, requiresNew: false) == .wait)
        #expect(pool.closed(1) == .connect(2, for: 2))
        #expect(pool.closed(1) == .nothing, "closing a second time does nothing")
        #expect(pool.closed(2) == .nothing)
        #expect(pool.isEmpty)
    }

    @Test func `A cancelled request is not assigned a connection`() {
        var pool = pool(1)
        #expect(pool.assign(1, requiresNew: false) == .connect(1))
        #expect(pool.assign(2, requiresNew: false) == .wait)
        pool.cancel(2)
        #expect(pool.released(1) == .keepIdle)
    }
}
