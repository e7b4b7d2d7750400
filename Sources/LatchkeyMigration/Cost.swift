/// What the two stores cost in a month, in US cents, for what a plan counted (list prices of us-east-1).
package struct Cost: Hashable, Sendable {
    /// One secret or replica for a month ("AWS Secrets Manager pricing").
    package static let centsPerSecret = 40
    /// One advanced parameter for a month ("AWS Systems Manager pricing", Parameter Store).
    package static let centsPerAdvanced = 5
    /// Ten thousand calls of Secrets Manager, or of Parameter Store for an advanced parameter.
    package static let centsPerTenThousandCalls = 5
    /// The price of the Advanced tier, for messages.
    package static let advancedPrice = "$0.05 a month and $0.05 for 10,000 calls"

    package var secretsManager: Int
    package var parameterStore: Int

    /// Both together.
    package var total: Int { secretsManager + parameterStore }

    package init(secretsManager: Int, parameterStore: Int) {
        self.secretsManager = secretsManager
        self.parameterStore = parameterStore
    }

    /// - Parameters:
    ///   - secrets: secrets and replicas kept.
    ///   - secretReads: calls of Secrets Manager a month.
    ///   - advanced: advanced parameters kept; standard ones are free, and so are their calls at standard throughput.
    ///   - advancedReads: calls a month for advanced parameters.
    init(secrets: Int, secretReads: Int, advanced: Int, advancedReads: Int) {
        secretsManager = secrets * Self.centsPerSecret + Self.calls(secretReads)
        parameterStore = advanced * Self.centsPerAdvanced + Self.calls(advancedReads)
    }

    /// Rounded up to a cent.
    private static func calls(_ count: Int) -> Int { (count * centsPerTenThousandCalls + 9999) / 10_000 }

    /// `$12.40`.
    package static func text(_ cents: Int) -> String {
        "$\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
    }
}
