import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Logging
import Testing

/// Tokens that the shared tier cannot store.
@Suite("A token that is too long to be shared") struct TokenSizeTests: TokenRefreshFixture {
    private func outcome(_ step: TokenRefresh.Step) throws -> TokenRefresh.Outcome {
        guard case .done(let outcome) = step else { throw UpstreamFault(.invalid) }
        return outcome
    }

    @Test(arguments: [(4096, nil), (4097, Lease.Purpose.tooLarge(bytes: 4097))] as [(Int, Lease.Purpose?)])
    func `Its lease says so at once`(bytes: Int, purpose: Lease.Purpose?) throws {
        var refresh = refresh(maxTokenBytes: 4096)
        _ = refresh.read(SharedTokenSnapshot(), nil, start, jitter: 0)
        _ = refresh.claimed(true, start, jitter: 0)
        let update = try outcome(refresh.issued(token(String(repeating: "t", count: bytes)), at(0.1))).leaseUpdate
        #expect(update?.lease.purpose == purpose)
        if let update { #expect(update.lease.until == at(0.1).wall && update.seen.leaseVersion == 1) }
    }

    @Test func `A replica without a lease writes none`() throws {
        var refresh = refresh(maxTokenBytes: 10)
        _ = refresh.readFailed(UpstreamFault(.unavailable), start, jitter: 0)
        #expect(try outcome(refresh.issued(token("longer-than-ten"), start)).leaseUpdate == nil)
    }

    @Test(
        arguments: [
            // A replica that could not write the token calls the issuer at once; one that could claims the lease.
            (4096, 0, .issue), (5000, 0, .claim), (8192, 0, .claim), (nil, 0, .claim),
            // A token has been written since.
            (4096, 1, .claim),
        ] as [(Int?, Int64, StepKind)])
    func `A replica that could not share the token either does not claim a lease`(
        maxBytes: Int?, version: Int64, next: StepKind
    ) {
        var refresh = refresh(maxTokenBytes: maxBytes)
        let lease = lease(after: 0, for: .zero, purpose: .tooLarge(bytes: 5000))
        let snapshot = SharedTokenSnapshot(version: version, lease: lease, leaseVersion: 2)
        #expect(refresh.read(snapshot, nil, at(0.1), jitter: 0).kind == next)
    }

    @Test func `The token length of another definition does not apply`() {
        var need = TokenRefresh.Need(.cold)
        need.definition = "ours"
        var refresh = refresh(need, maxTokenBytes: 10)
        var lease = lease(purpose: .tooLarge(bytes: 5000))
        lease.definition = "another"
        lease.until = start.wall
        #expect(refresh.read(SharedTokenSnapshot(lease: lease, leaseVersion: 2), nil, start, jitter: 0).kind == .claim)
    }

    @Test func `The token length in a lease is parsed, and older brokers consider the lease ended`() throws {
        let lease = lease(for: .zero, purpose: .tooLarge(bytes: 5000))
        #expect(Lease(lease.text) == lease)
        #expect(lease.text.contains(#""too_large":5000"#) && lease.until == start.wall)
        for number in ["0", "-1", "1e99", "\"5000\"", "null"] {
            let text = #"{"after":0,"holder":"h","until":1,"too_large":\#(number)}"#
            #expect(Lease(text)?.purpose == .refresh)
        }
    }

    @Test func `A token that is too long for the shared tier is not written, and one warning says so`() async throws {
        let fixture = TokenFixture(limit: SharedTokenLimit(bytes: 4096, remedy: "set LARGER"))
        for _ in 0..<3 {
            fixture.issuer.then(.success(fixture.opaque(String(repeating: "t", count: 4097))))
            _ = try await fixture.token(TokenDemand(refresh: true))
            fixture.sleeper.advance(by: .seconds(3))
        }
        await fixture.broker.drain(by: .distantFuture)
        #expect(fixture.writes.calls.count == 0)
        #expect(fixture.log.lines(.warning).count == 1)
        #expect(fixture.log.lines(.warning).first.map { $0.contains("4097") && $0.contains("set LARGER") } == true)
        #expect(fixture.health.status(.parameterStore).writeErrorCode == "token_too_large")
        #expect(fixture.claims.calls.values.last?.contains("too_large") == true)
        fixture.issuer.then(.success(fixture.opaque(String(repeating: "t", count: 4096))))
        _ = try await fixture.token(TokenDemand(refresh: true))
        await fixture.broker.drain(by: .distantFuture)
        #expect(fixture.written.count == 1)
        #expect(fixture.health.status(.parameterStore).writeErrorCode == nil)
    }
}
