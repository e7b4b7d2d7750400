import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

/// Tokens that the shared tier does not take.
@Suite("A token that is too long to be shared") struct TokenSizeTests: TripBench {
    private func outcome(_ step: TokenRefresh.Step) throws -> TokenRefresh.Outcome {
        guard case .done(let outcome) = step else { throw UpstreamFault(.invalid) }
        return outcome
    }

    @Test(arguments: [(4096, nil), (4097, Lease.Purpose.tooLarge(bytes: 4097))] as [(Int, Lease.Purpose?)])
    func `Its lease says so at once`(bytes: Int, purpose: Lease.Purpose?) throws {
        var trip = trip(longestToken: 4096)
        _ = trip.read(SharedTokenSnapshot(), nil, start, chance: 0)
        _ = trip.claimed(true, start, chance: 0)
        let notice = try outcome(trip.issued(token(String(repeating: "t", count: bytes)), at(0.1))).notice
        #expect(notice?.lease.purpose == purpose)
        if let notice { #expect(notice.lease.until == at(0.1).wall && notice.seen.leaseVersion == 1) }
    }

    @Test func `Who holds no lease writes none`() throws {
        var trip = trip(longestToken: 10)
        _ = trip.readFailed(UpstreamFault(.unavailable), start, chance: 0)
        #expect(try outcome(trip.issued(token("longer-than-ten"), start)).notice == nil)
    }

    @Test(
        arguments: [
            // Who could not write it asks at once; who could, or knows no bound, claims as ever.
            (4096, 0, "issue"), (5000, 0, "claim"), (8192, 0, "claim"), (nil, 0, "claim"),
            // A token was written since.
            (4096, 1, "claim"),
        ] as [(Int?, Int64, String)])
    func `Nobody claims a lease in vain`(longest: Int?, version: Int64, next: String) {
        var trip = trip(longestToken: longest)
        let lease = lease(after: 0, for: .zero, purpose: .tooLarge(bytes: 5000))
        let view = SharedTokenSnapshot(version: version, lease: lease, leaseVersion: 2)
        #expect(word(trip.read(view, nil, at(0.1), chance: 0)) == next)
    }

    @Test func `Another definition's token says nothing of ours`() {
        var need = TokenRefresh.Need(.cold)
        need.definition = "ours"
        var trip = trip(need, longestToken: 10)
        var lease = lease(purpose: .tooLarge(bytes: 5000))
        lease.definition = "another"
        lease.until = start.wall
        #expect(word(trip.read(SharedTokenSnapshot(lease: lease, leaseVersion: 2), nil, start, chance: 0)) == "claim")
    }

    @Test func `What is written of it is read, and older brokers take the lease for one that is over`() throws {
        let lease = lease(for: .zero, purpose: .tooLarge(bytes: 5000))
        #expect(Lease(lease.text) == lease)
        #expect(lease.text.contains(#""too_large":5000"#) && lease.until == start.wall)
        for number in ["0", "-1", "1e99", "\"5000\"", "null"] {
            let text = #"{"after":0,"holder":"h","until":1,"too_large":\#(number)}"#
            #expect(Lease(text)?.purpose == .refresh)
        }
    }

    @Test func `A token that the shared tier does not take is not written, and said so once`() async throws {
        let bench = TokenBench(limit: SharedTokenLimit(bytes: 4096, remedy: "set LARGER"))
        for _ in 0..<3 {
            bench.issuer.then(.success(bench.opaque(String(repeating: "t", count: 4097))))
            _ = try await bench.token(TokenAsk(refresh: true))
            bench.sleeper.advance(by: .seconds(3))
        }
        await bench.broker.drain(by: .distantFuture)
        #expect(bench.writes.calls.count == 0)
        #expect(bench.log.lines(.warning).count == 1)
        #expect(bench.log.lines(.warning).first.map { $0.contains("4097") && $0.contains("set LARGER") } == true)
        #expect(bench.health.status(.parameterStore).writeErrorCode == "token_too_large")
        #expect(bench.claims.calls.values.last?.contains("too_large") == true)
        bench.issuer.then(.success(bench.opaque(String(repeating: "t", count: 4096))))
        _ = try await bench.token(TokenAsk(refresh: true))
        await bench.broker.drain(by: .distantFuture)
        #expect(bench.written.count == 1)
        #expect(bench.health.status(.parameterStore).writeErrorCode == nil)
    }
}
