import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

/// No number that another program left in the shared tier, or an issuer gave, ends the process.
@Suite struct ExtremeNumberTests: TripBench {
    @Test(arguments: Extremes.texts)
    func `An expiry in the shared tier is a time, or the pair is corrupt, expired or absent`(_ text: String) {
        let pair = StoredToken(token: Secret("opaque"), expires: text)
        for wall in Extremes.integers {
            let now = Now(monotonic: start.monotonic, wall: WallTime(milliseconds: wall))
            if case .usable(let token) = pair.judged(from: .parameterStore, now: now, buffer: buffer) {
                #expect(token.isValid(now) && token.expiresIn(now) >= 0)
            }
        }
        let (first, last) = (WallTime(milliseconds: .min), WallTime(milliseconds: .max))
        let clock = ClockBounds(date: last, sent: first, received: first)
        _ = pair.dated(by: clock)
    }

    @Test(arguments: Extremes.texts)
    func `A lease is read or not, and a trip goes on`(_ text: String) throws {
        for number in [text, "\"\(text)\""] {
            for json in [
                #"{"after":\#(number),"holder":"b","until":1700000005000}"#,
                #"{"after":1,"holder":"b","until":\#(number)}"#,
                #"{"after":1,"holder":"b","resting":true,"until":\#(number)}"#,
                #"{"after":1,"holder":"b","sparing":true,"until":\#(number)}"#,
            ] {
                for version in Extremes.integers {
                    let view = SharedTokenSnapshot(version: version, lease: Lease(json), leaseVersion: version)
                    for reason in [TokenRefresh.Need(.cold), TokenRefresh.Need(.ahead)] {
                        var trip = trip(reason)
                        guard case .claim(_, let seen, _) = trip.read(view, nil, start, chance: 0.5) else { continue }
                        _ = trip.claimed(true, start, chance: 0.5)
                        #expect(seen.leaseVersion == version)
                    }
                    var trip = trip()
                    guard case .claim = trip.read(view, nil, start, chance: 0.5) else { continue }
                    _ = trip.claimFailed(UpstreamFault(.timedOut), start, chance: 0.5)
                    _ = trip.read(view, nil, at(1), chance: 0.5)
                }
            }
        }
    }

    @Test func `Of a lease that cannot be read nobody waits for its holder`() {
        var view = SharedTokenSnapshot()
        view.unreadableLease = ["N": "9223372036854775807"]
        var lost = trip()
        #expect(word(lost.read(view, nil, start, chance: 0)) == "claim")
        #expect(word(lost.claimed(false, start, chance: 0)) == "issue")
        var won = trip()
        _ = won.read(view, nil, start, chance: 0)
        #expect(word(won.claimed(true, start, chance: 0)) == "issue")
    }

    @Test(arguments: Extremes.texts)
    func `A claim of a JSON Web Token is a date or nothing`(_ text: String) {
        for claims in [
            #"{"exp":\#(text)}"#, #"{"exp":1700003600,"iat":\#(text)}"#, #"{"exp":\#(text),"iat":\#(text)}"#,
        ] {
            let jwt = ["e30", Base64.encodeURL(claims.utf8), "sig"].joined(separator: ".")
            let grant = IssuedGrant(value: Secret(jwt), tokenType: "Bearer", expiresIn: .seconds(3600), scope: nil)
            guard let token = try? AccessToken(grant, from: .auth0, now: start, buffer: buffer) else { continue }
            #expect(token.expiresIn(start) <= 3600)
            let pair = StoredToken(token: Secret(jwt), expires: "1700003600000")
            _ = pair.judged(from: .parameterStore, now: start, buffer: buffer, isLeased: true)
        }
    }

    @Test(arguments: Extremes.integers)
    func `A lifetime of any length is bounded`(_ seconds: Int64) {
        let grant = IssuedGrant(
            value: Secret("opaque"), tokenType: "Bearer", expiresIn: .seconds(seconds), scope: nil,
            quotaLowFor: .seconds(seconds))
        guard let token = try? AccessToken(grant, from: .auth0, now: start, buffer: buffer) else { return }
        #expect((1...AccessToken.longestLifetime.components.seconds).contains(token.expiresIn(start)))
    }
}
