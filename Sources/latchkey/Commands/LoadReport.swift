package import LatchkeyCore

/// The result of a load test, computed from samples. Pure.
package struct LoadReport: Sendable {
    /// The outcome of one request. Holds the token's digest, never the token.
    package struct Sample: Sendable {
        package var seconds: Double
        /// Nil if there was no token.
        package var digest: String?
        /// `X-Latchkey-Tier`.
        package var tier: String?
        /// The problem's code, or how the request failed.
        package var error: String?

        package init(seconds: Double, digest: String?, tier: String?, error: String?) {
            self.seconds = seconds
            self.digest = digest
            self.tier = tier
            self.error = error
        }
    }

    package let requests: Int
    package let uniqueTokens: Int
    package let tiers: [String: Int]
    package let errors: [String: Int]
    package let requestsPerSecond: Double
    /// Milliseconds at 50, 90, 95, 99 and 100 percent.
    package let percentiles: [(name: String, milliseconds: Double)]
    /// Tokens that the broker requested from its issuers meanwhile; nil if its metrics could not be read.
    package let issuerCalls: Int?

    package init(_ samples: [Sample], elapsed: Double, issuerCalls: Int?) {
        requests = samples.count
        uniqueTokens = Set(samples.compactMap(\.digest)).count
        tiers = samples.compactMap(\.tier).reduce(into: [:]) { $0[$1, default: 0] += 1 }
        errors = samples.compactMap(\.error).reduce(into: [:]) { $0[$1, default: 0] += 1 }
        requestsPerSecond = elapsed > 0 ? Double(samples.count) / elapsed : 0
        let sorted = samples.map(\.seconds).sorted()
        percentiles = [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("max", 1)].map { name, share in
            // Nearest rank: the smallest sample that is at least as large as this share of all samples.
            let last = (share * Double(sorted.count)).rounded(.up)
            let rank = Int(OutsideNumber.clamped(last, to: 1...Int64(max(1, sorted.count))))
            return (name, sorted.isEmpty ? 0 : sorted[min(rank, sorted.count) - 1] * 1000)
        }
        self.issuerCalls = issuerCalls
    }

    /// Whether every caller got a token, and all the same one.
    package var isGood: Bool { errors.isEmpty && uniqueTokens == 1 }

    package var text: String {
        var lines = [
            "requests        \(requests) (\(Self.rounded(requestsPerSecond)) a second)",
            "unique tokens   \(uniqueTokens)",
        ]
        for (tier, count) in tiers.sorted(by: { $0.key < $1.key }) {
            lines.append("from \(Self.padded(tier)) \(count)")
        }
        for (error, count) in errors.sorted(by: { $0.key < $1.key }) { lines.append("error \(error) \(count)") }
        if let issuerCalls { lines.append("issuer calls    \(issuerCalls)") }
        lines.append(percentiles.map { "\($0.name) \(Self.rounded($0.milliseconds)) ms" }.joined(separator: "  "))
        lines.append(isGood ? "good: every caller got the same token" : "bad: see above")
        return lines.joined(separator: "\n")
    }

    package var json: JSON {
        [
            "requests": .integer(Int64(requests)), "unique_tokens": .integer(Int64(uniqueTokens)),
            "tiers": .object(JSONObject(tiers.mapValues { .integer(Int64($0)) })),
            "errors": .object(JSONObject(errors.mapValues { .integer(Int64($0)) })),
            "requests_per_second": .number(requestsPerSecond),
            "milliseconds": .object(
                JSONObject(percentiles.map { ($0.name, .number($0.milliseconds)) })),
            "issuer_calls": issuerCalls.map { .integer(Int64($0)) } ?? .null, "good": .bool(isGood),
        ]
    }

    private static func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

    private static func padded(_ text: String) -> String {
        text + String(repeating: " ", count: max(1, 10 - text.utf8.count))
    }
}
