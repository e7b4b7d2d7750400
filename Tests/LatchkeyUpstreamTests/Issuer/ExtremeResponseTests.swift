import LatchkeyCore
internal import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

/// No number in an issuer's response traps.
@Suite struct ExtremeResponseTests {
    private static let now = WallTime(seconds: 1_700_000_000)

    @Test(arguments: Extremes.texts)
    func `A quota field with any number is bounded or ignored`(_ text: String) {
        for clock in Extremes.integers {
            let now = WallTime(milliseconds: clock)
            for fields: HTTPFields in [
                ["x-ratelimit-remaining": text, "x-ratelimit-limit": text, "x-ratelimit-reset": text],
                ["x-ratelimit-remaining": "0", "x-ratelimit-reset": text],
                ["x-ratelimit-remaining": "1", "x-ratelimit-limit": text],
                ["Auth0-Client-Quota-Limit": "b=per_hour;q=\(text);r=\(text);t=\(text)"],
                ["Auth0-Organization-Quota-Limit": "per_day;q=10;r=1;t=\(text)"],
            ] {
                let wait = IssuerQuota(fields, now: now).conserveFor ?? .zero
                #expect(wait <= IssuerQuota.maxWait)
            }
        }
    }

    @Test(arguments: Extremes.texts)
    func `A lifetime of any number is bounded or refused`(_ text: String) async {
        for written in [text, "\"\(text)\""] {
            let fixture = IssuerFixture(
                .json(200, #"{"access_token":"abc","token_type":"Bearer","expires_in":\#(written)}"#))
            if let token = try? await fixture.issue() {
                #expect((token.expiresIn ?? .seconds(1)) <= .seconds(86_400))
                #expect((token.expiresIn ?? .seconds(1)) > .zero)
            }
        }
    }

    @Test(arguments: Extremes.texts)
    func `Retry-After of any number is bounded`(_ text: String) async {
        var response = HTTPResponse.json(429, #"{"error":"too_many_requests"}"#)
        response.fields["Retry-After"] = text
        response.fields["x-ratelimit-reset"] = text
        let fixture = IssuerFixture(response)
        guard case .throttled(let wait) = await fixture.error() else { return }
        #expect((wait ?? .zero) <= .seconds(86_400) && (wait ?? .zero) >= .zero)
    }
}
