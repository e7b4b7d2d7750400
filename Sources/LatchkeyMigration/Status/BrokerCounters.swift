internal import LatchkeyCore

/// What a broker has measured since its start, as far as the success criteria need it.
package struct BrokerCounters: Hashable, Sendable {
    /// Tokens given to callers, from any tier.
    package var tokenAnswers = 0
    /// Tokens that replicas took from the shared tier.
    package var sharedTokens = 0
    /// Requests to issuers, including retries.
    package var issuerCalls = 0
    /// Secrets read from Parameter Store.
    package var readsOfParameterStore = 0
    /// Secrets read from Secrets Manager.
    package var readsOfSecretsManager = 0
    /// The mean time of one read of a secret, in seconds; nil without a read.
    package var secondsOfSecret: Double?
    /// The mean time of one read of a shared token, in seconds; nil without a read.
    package var secondsOfSharedToken: Double?
    /// Responses to requests for tokens and secrets.
    package var answers = 0
    /// The responses among ``answers`` with status 500 or higher.
    package var errors = 0

    package init() {}

    /// The issuer calls that callers would have made themselves, one for each token, less those that the broker made.
    package var issuerCallsSaved: Int { tokenAnswers > issuerCalls ? tokenAnswers - issuerCalls : 0 }

    /// A percentage with three decimals, rounded down, so that one error in 100,000 answers shows.
    package static func share(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "0 %" }
        let thousandths = OutsideNumber.clamped(
            (Double(part) / Double(whole) * 100_000).rounded(.down), to: OutsideNumber.counters)
        let fraction = String(thousandths % 1000 + 1000).dropFirst()
        return "\(thousandths / 1000).\(fraction) %"
    }
}
