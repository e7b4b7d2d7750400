import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

@Suite("The delay between rejections") struct RejectionBackoffTests {
    private func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    @Test func `The delay doubles from 2 s to 5 min per caller, and starts again after 10 minutes without rejections`()
    {
        var pace = RejectionBackoff()
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

    @Test func `The number of remembered callers is limited, and the oldest is forgotten`() {
        var pace = RejectionBackoff()
        for number in 0..<2_000 { pace.caused(by: "\(number)", at(Int64(number) / 1_000)) }
        let held = (0..<2_000).count { pace.notBefore("\($0)", at(1)) != nil }
        #expect(held == RejectionBackoff.maxCallers)
        #expect(pace.notBefore("1999", at(1)) != nil)
    }

    @Test func `An hour of rejections costs the unreserved part of the budget and leaves no caller without a token`() {
        var (state, now, issued, number) = (ProfileState(), Now.zero, 0, 0)
        let buffer = ExpiryBuffer.standard
        let maxRefresh = Duration.seconds(10)
        var spent: [MonotonicTime] = []
        /// A refresh that calls an issuer with a budget of 60 requests per hour.
        func refresh(_ reason: RefreshReason) {
            let need = state.need(reason, minTTL: nil, now)
            var outcome = TokenRefresh.Outcome(token: nil, fault: need.issuerFault)
            (outcome.sequence, outcome.purpose) = (need.sequence, need.purpose)
            if need.issuerFault == nil {
                outcome.askedIssuer = true
                let recent = spent.count { now.monotonic < $0 + .seconds(3600) }
                if 60 - recent > need.purpose.reserve(of: 60) {
                    spent.append(now.monotonic)
                    issued += 1
                    number += 1
                    let grant = TokenResponse(
                        value: Secret("token-\(number)"), tokenType: "Bearer", expiresIn: .seconds(600), scope: nil)
                    outcome.token = try? AccessToken(grant, from: .auth0, now: now, buffer: buffer)
                } else {
                    outcome.fault = UpstreamFault(.budgetSpent, upstream: .auth0, retryAfter: .seconds(60))
                }
            }
            _ = state.apply(outcome, reason, now, jitter: 0.5)
        }
        var (answers, without) = (0, 0)
        while now.monotonic < Now.zero.monotonic + .seconds(3600) {
            if case .miss = state.hit(now, minTTL: nil, buffer: buffer, maxRefresh: maxRefresh),
                case .join(let reason, _) = state.decide(TokenDemand(), now, buffer: buffer, maxRefresh: maxRefresh)
            {
                refresh(reason)
            }
            answers += 1
            if let entry = state.entry, entry.token.isValid(now) {
                let digest = entry.token.value.withBytes { SHA256.hash($0) }
                for caller in ["a", "b", "c"] {
                    if state.reject(digest, by: caller, now, maxRefresh: maxRefresh) == .refresh { refresh(.rejected) }
                }
            } else {
                without += 1
            }
            now.monotonic = now.monotonic + .milliseconds(250)
            now.wall = now.wall + .milliseconds(250)
        }
        #expect(without == 0, "of \(answers)")
        #expect(issued <= 60)
        // Three callers cause 9 issuances each in the first ten minutes and one each 5 min after, while the unreserved
        // part of the budget lasts. Expiry needs one every 600 s.
        #expect((20...60).contains(issued))
    }
}

extension Now {
    fileprivate static let zero = Now(
        monotonic: MonotonicTime(nanoseconds: 0), wall: WallTime(milliseconds: 1_700_000_000_000))
}
