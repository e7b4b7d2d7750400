import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyMetrics
import LatchkeyTestSupport
import Testing

/// No number from another program in the shared tier, or from an issuer, crashes the process.
@Suite struct ExtremeNumberTests: TokenRefreshFixture {
    @Test(arguments: Extremes.texts)
    func `Any text is either a valid expiry, or the pair is corrupt, expired or absent`(_ text: String) {
        let pair = StoredToken(token: Secret("opaque"), expires: text)
        for wall in Extremes.integers {
            let now = Now(monotonic: start.monotonic, wall: WallTime(milliseconds: wall))
            if case .usable(let token) = pair.validity(from: .parameterStore, now: now, buffer: buffer) {
                #expect(token.isValid(now) && token.expiresIn(now) >= 0)
            }
        }
        let (first, last) = (WallTime(milliseconds: .min), WallTime(milliseconds: .max))
        let clock = ClockBounds(date: last, sent: first, received: first)
        _ = pair.dated(by: clock, start)
    }

    @Test(arguments: Extremes.texts)
    func `Any text is either a valid lease or ignored, and the refresh continues`(_ text: String) throws {
        for number in [text, "\"\(text)\""] {
            for json in [
                #"{"after":\#(number),"holder":"b","until":1700000005000}"#,
                #"{"after":1,"holder":"b","until":\#(number)}"#,
                #"{"after":1,"holder":"b","resting":true,"until":\#(number)}"#,
                #"{"after":1,"holder":"b","sparing":true,"until":\#(number)}"#,
            ] {
                for version in Extremes.integers {
                    let snapshot = SharedTokenSnapshot(version: version, lease: Lease(json), leaseVersion: version)
                    for reason in [TokenRefresh.Need(.cold), TokenRefresh.Need(.ahead)] {
                        var refresh = refresh(reason)
                        guard case .claim(_, let seen, _) = refresh.read(snapshot, nil, start, jitter: 0.5) else {
                            continue
                        }
                        _ = refresh.claimed(true, start, jitter: 0.5)
                        #expect(seen.leaseVersion == version)
                    }
                    var refresh = refresh()
                    guard case .claim = refresh.read(snapshot, nil, start, jitter: 0.5) else { continue }
                    _ = refresh.claimFailed(UpstreamFault(.timedOut), start, jitter: 0.5)
                    _ = refresh.read(snapshot, nil, at(1), jitter: 0.5)
                }
            }
        }
    }

    @Test func `Nobody waits for the holder of a lease that cannot be parsed`() {
        var snapshot = SharedTokenSnapshot()
        snapshot.unreadableLease = ["N": "9223372036854775807"]
        var lost = refresh()
        #expect(lost.read(snapshot, nil, start, jitter: 0).kind == .claim)
        #expect(lost.claimed(false, start, jitter: 0).kind == .issue)
        var won = refresh()
        _ = won.read(snapshot, nil, start, jitter: 0)
        #expect(won.claimed(true, start, jitter: 0).kind == .issue)
    }

    @Test(arguments: Extremes.texts)
    func `A time claim of a JSON Web Token is either valid or ignored`(_ text: String) {
        for claims in [
            #"{"exp":\#(text)}"#, #"{"exp":1700003600,"iat":\#(text)}"#, #"{"exp":\#(text),"iat":\#(text)}"#,
        ] {
            let jwt = ["e30", Base64.encodeURL(claims.utf8), "sig"].joined(separator: ".")
            let grant = TokenResponse(value: Secret(jwt), tokenType: "Bearer", expiresIn: .seconds(3600), scope: nil)
            guard let token = try? AccessToken(grant, from: .auth0, now: start, buffer: buffer) else { continue }
            #expect(token.expiresIn(start) <= 3600)
            let pair = StoredToken(token: Secret(jwt), expires: "1700003600000")
            _ = pair.validity(from: .parameterStore, now: start, buffer: buffer, isLeased: true)
        }
    }

    @Test(arguments: Extremes.integers)
    func `Any lifetime is limited`(_ seconds: Int64) {
        let grant = TokenResponse(
            value: Secret("opaque"), tokenType: "Bearer", expiresIn: .seconds(seconds), scope: nil,
            conserveQuotaFor: .seconds(seconds))
        guard let token = try? AccessToken(grant, from: .auth0, now: start, buffer: buffer) else { return }
        #expect((1...AccessTokenLimits.maxLifetime.components.seconds).contains(token.expiresIn(start)))
    }
}
