import LatchkeyCore
import LatchkeyHTTP
import LatchkeyNet
import LatchkeyTestSupport
import Testing

@Suite("The cache of addresses")
struct NameCacheTests {
    private static let old = SocketAddress.ipv4(1, port: 0)
    private static let new = SocketAddress.ipv4(2, port: 0)
    private let clock = ManualClock()
    private var now: MonotonicTime { clock.now.monotonic }

    /// A cache that has just looked up `names`, all with the address ``old``.
    private func knowing(_ names: String..., limits: NameCache.Limits = .init()) -> NameCache {
        var cache = NameCache(limits: limits)
        for name in names {
            for case .lookUp(let lookup, _) in cache.request(name, for: 0, now: now) {
                _ = cache.finished(lookup, [Self.old], now: now)
            }
        }
        return cache
    }

    private func lookups(_ actions: [NameCache.Action]) -> [String] {
        actions.compactMap { if case .lookUp(_, let name) = $0 { name } else { nil } }
    }

    /// The answers among `actions` by waiter; a failure is an empty answer.
    private func answers(_ actions: [NameCache.Action]) -> [NameCache.WaiterID: [SocketAddress]] {
        var answers: [NameCache.WaiterID: [SocketAddress]] = [:]
        for action in actions {
            switch action {
            case .answer(let waiter, let answer): answers[waiter] = answer.addresses
            case .fail(let waiter): answers[waiter] = []
            case .lookUp: break
            }
        }
        return answers
    }

    @Test func `Requests for an unknown name wait for a single lookup`() {
        var cache = NameCache()
        #expect(cache.request("a", for: 1, now: now) == [.lookUp(1, name: "a")])
        #expect(cache.request("a", for: 2, now: now).isEmpty)
        cache.cancel(2, of: "a")
        #expect(cache.request("a", for: 3, now: now).isEmpty)
        #expect(
            answers(cache.finished(1, [Self.old, Self.new], now: now)) == [
                1: [Self.old, Self.new], 3: [Self.old, Self.new],
            ])
    }

    @Test func `A fresh address is returned without a lookup`() {
        var cache = knowing("a")
        clock.advance(by: .seconds(29))
        let actions = cache.request("a", for: 1, now: now)
        #expect(answers(actions) == [1: [Self.old]] && lookups(actions).isEmpty)
    }

    @Test(arguments: [30, 45, 3600, 86_400])
    func `An expired address is returned while a new lookup runs`(age: Int) {
        var cache = knowing("a")
        clock.advance(by: .seconds(age))
        let actions = cache.request("a", for: 1, now: now)
        #expect(answers(actions) == [1: [Self.old]] && lookups(actions) == ["a"])
        #expect(answers(cache.request("a", for: 2, now: now)) == [2: [Self.old]], "the lookup is still in progress")
        _ = cache.finished(2, [Self.new], now: now)
        #expect(answers(cache.request("a", for: 3, now: now)) == [3: [Self.new]])
    }

    @Test func `A failed lookup keeps the known address, and is retried after a pause`() {
        var cache = knowing("a")
        clock.advance(by: .seconds(30))
        #expect(lookups(cache.request("a", for: 1, now: now)) == ["a"])
        #expect(answers(cache.finished(2, [], now: now)).isEmpty)
        let early = cache.request("a", for: 2, now: now)
        #expect(answers(early) == [2: [Self.old]] && lookups(early).isEmpty)
        clock.advance(by: .seconds(1))
        #expect(lookups(cache.request("a", for: 3, now: now)) == ["a"])
    }

    @Test func `A lookup that hangs gets a second one in parallel, and no third`() {
        var cache = NameCache()
        #expect(lookups(cache.request("a", for: 1, now: now)) == ["a"])
        clock.advance(by: .seconds(1))
        #expect(lookups(cache.request("a", for: 2, now: now)).isEmpty)
        clock.advance(by: .seconds(1))
        #expect(lookups(cache.request("a", for: 3, now: now)) == ["a"])
        clock.advance(by: .seconds(60))
        #expect(lookups(cache.request("a", for: 4, now: now)).isEmpty && cache.lookupCount == 2)
        #expect(answers(cache.finished(2, [Self.new], now: now)).count == 4)
    }

    @Test func `The answer of an older lookup does not replace the answer of a newer one`() {
        var cache = NameCache()
        _ = cache.request("a", for: 1, now: now)
        clock.advance(by: .seconds(2))
        _ = cache.request("a", for: 2, now: now)
        _ = cache.finished(2, [Self.new], now: now)
        _ = cache.finished(1, [Self.old], now: now)
        #expect(answers(cache.request("a", for: 3, now: now)) == [3: [Self.new]])
    }

    @Test(arguments: [1, 4, 9, 40, 100])
    func `Lookups that hang do not delay the lookup of another name`(count: Int) {
        var cache = knowing("known")
        for name in 0..<count {
            for round in 0..<5 {
                _ = cache.request("hangs-\(name)", for: NameCache.WaiterID(name * 10 + round), now: now)
                clock.advance(by: .milliseconds(500))
            }
        }
        clock.advance(by: .seconds(60))
        let known = cache.request("known", for: 9001, now: now)
        #expect(answers(known) == [9001: [Self.old]] && lookups(known) == ["known"])
        #expect(lookups(cache.request("unknown", for: 9002, now: now)) == ["unknown"])
        #expect(cache.lookupCount <= 128)
    }

    @Test func `At the limit of parallel lookups, a name waits until one ends`() {
        var limits = NameCache.Limits()
        limits.maxLookups = 2
        var cache = NameCache(limits: limits)
        #expect(lookups(cache.request("a", for: 1, now: now)) == ["a"])
        #expect(lookups(cache.request("b", for: 2, now: now)) == ["b"])
        #expect(lookups(cache.request("c", for: 3, now: now)).isEmpty)
        #expect(lookups(cache.request("c", for: 4, now: now)).isEmpty)
        let ended = cache.finished(2, [], now: now)
        #expect(answers(ended) == [2: []] && lookups(ended) == ["c"])
    }

    @Test func `When an address does not work, only a newer answer is returned`() throws {
        var cache = knowing("a")
        let actions = cache.request("a", for: 1, newerThan: 1, now: now)
        #expect(answers(actions).isEmpty && lookups(actions) == ["a"], "a fresh answer is looked up again, too")
        #expect(lookups(cache.request("a", for: 2, newerThan: 1, now: now)).isEmpty, "all waiters share one lookup")
        #expect(answers(cache.finished(2, [Self.new], now: now)) == [1: [Self.new], 2: [Self.new]])
        #expect(
            answers(cache.request("a", for: 3, newerThan: 1, now: now)) == [3: [Self.new]],
            "a newer answer is known already")
    }

    @Test func `A lookup for a newer answer that fails is an error, and keeps the old answer`() {
        var cache = knowing("a")
        _ = cache.request("a", for: 1, newerThan: 1, now: now)
        #expect(answers(cache.finished(2, [], now: now)) == [1: []])
        #expect(answers(cache.request("a", for: 2, now: now)) == [2: [Self.old]])
    }

    @Test func `The least recently used name is evicted, but never one in use`() {
        var limits = NameCache.Limits()
        limits.maxNames = 3
        var cache = knowing("a", "b", limits: limits)
        _ = cache.request("hangs", for: 1, now: now)
        clock.advance(by: .seconds(1))
        _ = cache.request("a", for: 2, now: now)
        _ = cache.request("c", for: 3, now: now)
        #expect(answers(cache.request("a", for: 4, now: now)) == [4: [Self.old]])
        #expect(lookups(cache.request("b", for: 5, now: now)) == ["b"])
        #expect(answers(cache.request("hangs", for: 6, now: now)).isEmpty && cache.lookupCount == 3)
    }
}
