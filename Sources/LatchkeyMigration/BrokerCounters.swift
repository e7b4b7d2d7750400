internal import LatchkeyCore

/// What a broker has measured since it was started, as far as the move's success is judged by it.
package struct BrokerCounters: Hashable, Sendable {
    /// Tokens given to callers, from whichever tier.
    package var tokenAnswers = 0
    /// Tokens that replicas had from one another.
    package var sharedTokens = 0
    /// Requests to issuers, retries included.
    package var issuerCalls = 0
    /// Secrets read from either store.
    package var readsOfParameterStore = 0
    package var readsOfSecretsManager = 0
    /// Seconds that one read took in the mean; nil where there was none.
    package var secondsOfSecret: Double?
    package var secondsOfSharedToken: Double?
    /// Answers to callers of tokens and secrets, and those among them with a status of 500 or more.
    package var answers = 0
    package var errors = 0

    package init() {}

    /// Issuer calls that callers would have made themselves, one for each token.
    package var issuerCallsSaved: Int { tokenAnswers > issuerCalls ? tokenAnswers - issuerCalls : 0 }

    /// Parts of a hundred thousand, so that no rounding hides one error of many.
    package static func share(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "0 %" }
        let parts = OutsideNumber.clamped(
            (Double(part) / Double(whole) * 100_000).rounded(.down), to: OutsideNumber.counters)
        let fraction = String(parts % 1000 + 1000).dropFirst()
        return "\(parts / 1000).\(fraction) %"
    }
}
