import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite("Token broker, rejected tokens") struct RejectionTests {
    let bench = TokenBench()

    private func isMarked(_ served: ServedToken, _ token: Secret) -> Bool {
        served.isRejected && served.entry.token.value == token
    }

    @Test func `A refused token is served and marked until its successor is there`() async throws {
        bench.issuer.then(.success(bench.grant("bad")))
        let bad = try await bench.token().entry.token.value
        let gate = Gate()
        let next = bench.grant("good")
        bench.issuer.then(.success(next), gate: gate)
        #expect(bench.reject(bad))
        await bench.issuer.calls.first(2)
        // A caller waits for the successor, and not for long.
        let answers = Inbox<Result<ServedToken, UpstreamFault>>()
        bench.broker.token(bench.profile, deadline: bench.deadline) { answers.put($0) }
        bench.sleeper.advance(by: TokenRejectionsFacts.longestWait)
        #expect(isMarked(try await answers.first(1)[0].get(), bad))
        let hit = try #require(bench.broker.cached(bench.profile, now: bench.now))
        #expect(hit.isRejected && hit.entry.token.value == bad)
        gate.open()
        await settle { bench.cached()?.token.value == next.value }
        #expect(bench.broker.cached(bench.profile, now: bench.now)?.isRejected == false)
        #expect(bench.purposes.values == [.expiry, .rejection])
        let counted = #"latchkey_token_refreshes_total{profile="default",reason="rejected",outcome="success"}"#
        #expect(bench.metric(counted) == 1)
    }

    @Test func `A caller who comes while the successor is fetched gets the successor`() async throws {
        bench.issuer.then(.success(bench.grant("bad")))
        let bad = try await bench.token().entry.token.value
        let next = bench.grant("good")
        bench.issuer.then(.success(next))
        bench.reject(bad)
        #expect(try await bench.token().entry.token.value == next.value)
        #expect(bench.issuer.calls.count == 2)
    }

    @Test func `A burst costs one issuance, and a digest nobody has costs none`() async throws {
        bench.issuer.then(.success(bench.grant("bad")))
        let bad = try await bench.token().entry.token.value
        #expect(!bench.reject(Secret("something else")))
        #expect(bench.issuer.calls.count == 1)
        bench.issuer.then(.success(bench.grant("good")))
        for caller in 0..<200 { bench.reject(bad, by: "caller-\(caller % 20)") }
        _ = try await bench.token()
        #expect(!bench.reject(bad))
        #expect(bench.issuer.calls.count == 2)
    }

    @Test(arguments: [
        UpstreamFault(.unavailable, upstream: .auth0, code: "http_500"), UpstreamFault(.denied, upstream: .auth0),
        UpstreamFault(.throttled, upstream: .auth0, retryAfter: .seconds(900)),
        UpstreamFault(.budgetSpent, upstream: .auth0, code: "issue_budget", retryAfter: .seconds(1800)),
        UpstreamFault(.invalid, upstream: .auth0, code: "access_token"), UpstreamFault(.timedOut, upstream: .auth0),
    ])
    func `A refused token that cannot be replaced stays in service and in the shared tier`(
        _ fault: UpstreamFault
    ) async throws {
        bench.issuer.then(.success(bench.grant("bad")))
        let bad = try await bench.token().entry.token.value
        await bench.broker.drain(by: .distantFuture)
        bench.shared.then(.success(bench.stored(bad)))
        bench.issuer.then(.failure(fault))
        bench.reject(bad)
        for _ in 0..<60 {
            let served = try await bench.token()
            #expect(isMarked(served, bad))
            #expect(served.refreshError != nil)
            bench.sleeper.advance(by: .seconds(1))
        }
        // One request at once, and after 2, 4, 8, 16 and 32 s at the most.
        #expect((2...7).contains(bench.issuer.calls.count))
        #expect(bench.written.values.map(\.token) == [bad])
    }

    @Test func `After a restart or a clear the refused token in the shared tier is better than none`() async throws {
        bench.issuer.then(.success(bench.grant("bad")))
        let bad = try await bench.token().entry.token.value
        bench.shared.then(.success(bench.stored(bad)))
        bench.issuer.then(.failure(UpstreamFault(.denied, upstream: .auth0)))
        bench.reject(bad)
        #expect(isMarked(try await bench.token(), bad))
        bench.broker.clear()
        #expect(isMarked(try await bench.token(), bad))
        let next = bench.grant("good")
        bench.issuer.then(.success(next))
        bench.sleeper.advance(by: .seconds(30))
        #expect(try await bench.token().entry.token.value == next.value)
    }

    @Test func `Budget spent by rejections does not keep a token from being replaced at its end`() async throws {
        bench.issuer.then(.success(bench.grant("bad")))
        let bad = try await bench.token().entry.token.value
        bench.issuer.then(
            .failure(UpstreamFault(.budgetSpent, upstream: .auth0, code: "issue_budget", retryAfter: .seconds(3600))))
        bench.reject(bad)
        #expect(isMarked(try await bench.token(), bad))
        let next = bench.grant("good")
        bench.issuer.then(.success(next))
        bench.sleeper.advance(by: .seconds(3599))
        #expect(try await bench.token().entry.token.value == next.value)
        #expect(bench.purposes.values.last == .expiry)
    }

    @Test func `A refused token inside its buffer is replaced as any other`() async throws {
        bench.issuer.then(.success(bench.grant("bad")))
        let bad = try await bench.token().entry.token.value
        bench.sleeper.advance(by: .seconds(3500))
        let next = bench.grant("good")
        bench.issuer.then(.success(next))
        bench.reject(bad)
        #expect(try await bench.token().entry.token.value == next.value)
        #expect(bench.purposes.values == [.expiry, .expiry])
    }

    @Test func `What callers force leaves a part of the budget, and expiry may spend all`() {
        for (perHour, forced, rejected) in [(1, 0, 1), (2, 0, 1), (4, 1, 1), (5, 1, 2), (60, 15, 15), (100, 25, 25)] {
            #expect(IssuePurpose.expiry.reserve(of: perHour) == 0)
            #expect(IssuePurpose.caller.reserve(of: perHour) == forced)
            #expect(IssuePurpose.rejection.reserve(of: perHour) == rejected)
        }
    }
}

@Suite struct `The pace of rejections` {
    private func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    @Test func `The delay doubles from 2 s to 5 min for each caller, and starts again after 10 quiet minutes`() {
        var pace = RejectionPace()
        var (now, delays): (Int64, [Int64]) = (0, [])
        for _ in 0..<11 {
            #expect(pace.notBefore("a", at(now)) == nil)
            pace.caused(by: "a", at(now))
            let next = (pace.notBefore("a", at(now)) ?? at(now)) - at(now)
            delays.append(next.components.seconds)
            #expect(pace.notBefore("b", at(now)) == nil)
            now += next.components.seconds
        }
        #expect(delays == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
        pace.caused(by: "a", at(now + 600))
        #expect(pace.notBefore("a", at(now + 600)) == at(now + 602))
    }

    @Test func `However many callers there are, what is remembered is bounded, and the oldest is forgotten`() {
        var pace = RejectionPace()
        for number in 0..<200 { pace.caused(by: "\(number)", at(Int64(number) / 100)) }
        let held = (0..<200).count { pace.notBefore("\($0)", at(1)) != nil }
        #expect(held == RejectionPace.maximumCallers)
        #expect(pace.notBefore("199", at(1)) != nil)
    }

    @Test func `An hour of rejecting every token costs the budget's free part and leaves nobody without a token`() {
        var (state, now, issued, number) = (ProfileState(), Now.zero, 0, 0)
        let buffer = ExpiryBuffer()
        let flight = Duration.seconds(10)
        var spent: [MonotonicTime] = []
        /// A trip that asks an issuer whose budget is 60 an hour.
        func trip(_ reason: RefreshReason) {
            let need = state.need(reason, minTTL: nil, now)
            var outcome = TokenRefresh.Outcome(token: nil, fault: need.issuerHeld)
            (outcome.trip, outcome.purpose) = (need.trip, need.purpose)
            if need.issuerHeld == nil {
                outcome.askedIssuer = true
                let recent = spent.count { now.monotonic < $0 + .seconds(3600) }
                if 60 - recent > need.purpose.reserve(of: 60) {
                    spent.append(now.monotonic)
                    issued += 1
                    number += 1
                    let grant = IssuedGrant(
                        value: Secret("token-\(number)"), tokenType: "Bearer", expiresIn: .seconds(600), scope: nil)
                    outcome.token = try? AccessToken(grant, from: .auth0, now: now, buffer: buffer)
                } else {
                    outcome.fault = UpstreamFault(.budgetSpent, upstream: .auth0, retryAfter: .seconds(60))
                }
            }
            _ = state.land(outcome, reason, now, chance: 0.5)
        }
        var (answers, without) = (0, 0)
        while now.monotonic < Now.zero.monotonic + .seconds(3600) {
            if case .miss = state.hit(now, minTTL: nil, buffer: buffer, flight: flight),
                case .fly(let reason, _) = state.decide(TokenAsk(), now, buffer: buffer, flight: flight)
            {
                trip(reason)
            }
            answers += 1
            if let entry = state.entry, entry.token.isValid(now) {
                let digest = entry.token.value.withBytes { SHA256.hash($0) }
                for caller in ["a", "b", "c"] {
                    if state.reject(digest, by: caller, now, flight: flight) == .look { trip(.rejected) }
                }
            } else {
                without += 1
            }
            now.monotonic = now.monotonic + .milliseconds(250)
            now.wall = now.wall + .milliseconds(250)
        }
        #expect(without == 0, "of \(answers)")
        #expect(issued <= 60)
        // Three callers cause 9 issuances each in the first ten minutes and one each 5 min after, while the free part
        // of the budget lasts; expiry demands one each 600 s where rejections bring nothing new.
        #expect((20...60).contains(issued))
    }
}

/// How long a caller waits for the successor of a refused token.
private enum TokenRejectionsFacts {
    static let longestWait: Duration = .seconds(1)
}

extension Now {
    fileprivate static let zero = Now(
        monotonic: MonotonicTime(nanoseconds: 0), wall: WallTime(milliseconds: 1_700_000_000_000))
}
