import LatchkeyCore
import LatchkeyHTTP
import LatchkeyUpstream
import Testing

@Suite("What is left of an issuer's quota") struct IssuerQuotaTests {
    private static let now = WallTime(seconds: 1_700_000_000)

    static let conservations: [(HTTPFields, Duration?)] = [
        ([:], nil),
        (["x-ratelimit-remaining": "11", "x-ratelimit-limit": "100"], nil),
        (["x-ratelimit-remaining": "10", "x-ratelimit-limit": "100"], .seconds(60)),
        (
            ["x-ratelimit-remaining": "10", "x-ratelimit-limit": "100", "x-ratelimit-reset": "1700000007"],
            .seconds(7)
        ),
        (["x-ratelimit-remaining": "0", "x-ratelimit-reset": "1600000000"], .zero),
        (["x-ratelimit-remaining": "1"], nil),
        (["x-ratelimit-remaining": "0"], .seconds(60)),
        (["x-ratelimit-remaining": "0", "x-ratelimit-limit": "none"], .seconds(60)),
        (["Auth0-Client-Quota-Limit": "b=per_hour;q=100;r=11;t=99,b=per_day;q=100;r=10;t=43200"], .seconds(43_200)),
        (["Auth0-Client-Quota-Limit": "per_hour;q=10;r=1;t=99,per_day;q=10;r=1;t=50"], .seconds(99)),
        (["Auth0-Organization-Quota-Limit": "b=per_day;q=10;r=0;t=9999999"], .seconds(86_400)),
    ]

    @Test(arguments: conservations)
    func `The quota is conserved until every low allowance is full again`(fields: HTTPFields, wait: Duration?) {
        #expect(IssuerQuota(fields, now: Self.now).conserveFor == wait)
    }
}
