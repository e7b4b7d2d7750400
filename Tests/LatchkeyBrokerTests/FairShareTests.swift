import LatchkeyTestSupport
import Testing

@testable import LatchkeyBroker

@Suite("Shares of places") struct FairShareTests {
    private let a = Requester(id: "a")
    private let b = Requester(id: "b")

    private func takeAll(_ share: inout FairShare, _ requester: Requester?) -> Int {
        var count = 0
        while share.take(requester) { count += 1 }
        return count
    }

    @Test func `One caller takes half, and the next always finds some`() {
        var share = FairShare(1000)
        #expect(takeAll(&share, a) == 500)
        #expect(takeAll(&share, b) == 250)
        for number in 0..<7 { #expect(takeAll(&share, Requester(id: "c\(number)")) > 0) }
        #expect(!share.has(a))
    }

    @Test func `Callers that take turns have equal shares`() {
        var share = FairShare(1000)
        var held = [0, 0, 0]
        for number in 0..<3_000 where share.take(Requester(id: "\(number % 3)")) {
            held[number % 3] += 1
        }
        #expect(held == [250, 250, 250])
    }

    @Test func `A caller without others has all places, and so has Latchkey itself`() {
        var (alone, own) = (FairShare(10), FairShare(10))
        #expect(takeAll(&alone, Requester(id: "a", isAlone: true)) == 10)
        #expect(takeAll(&own, nil) == 10)
    }

    @Test func `Of a single place one caller has it`() {
        var share = FairShare(1)
        #expect(takeAll(&share, a) == 1 && !share.has(b))
        share.release(a)
        #expect(share.has(b))
    }

    /// Whatever is taken and returned: nobody takes more than is left, and all of it comes back.
    @Test func `The bounds hold for any order of events`() {
        for seed in UInt64(0)..<200 {
            var random = SeededGenerator(seed: seed)
            let places = Int.random(in: 1...60, using: &random)
            var share = FairShare(places)
            var held: [String: Int] = [:]
            for _ in 0..<400 {
                let id = "\(Int.random(in: 0..<6, using: &random))"
                let (used, own) = (held.values.reduce(0, +), held[id, default: 0])
                if Bool.random(using: &random) {
                    let isTaken = share.take(Requester(id: id))
                    #expect(isTaken == (used < places && own < places - used), "seed \(seed)")
                    if isTaken { held[id] = own + 1 }
                } else if own > 0 {
                    share.release(Requester(id: id))
                    held[id] = own - 1
                }
                #expect(share.used == held.values.reduce(0, +), "seed \(seed)")
            }
        }
    }
}
