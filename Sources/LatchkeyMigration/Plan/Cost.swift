/// What both stores cost in a month, in US cents (list prices of us-east-1).
package struct Cost: Hashable, Sendable {
    /// One secret or replica for a month (AWS Secrets Manager pricing).
    package static let centsPerSecret = 40
    /// One advanced parameter for a month (AWS Systems Manager pricing, Parameter Store).
    package static let centsPerAdvanced = 5
    /// 10,000 calls to Secrets Manager, or to Parameter Store for advanced parameters.
    package static let centsPerTenThousandCalls = 5
    /// The price of the Advanced tier, for messages.
    package static let advancedPrice =
        "\(text(centsPerAdvanced)) a month and \(text(centsPerTenThousandCalls)) for 10,000 calls"

    package var secretsManager: Int
    package var parameterStore: Int

    /// The sum of both.
    package var total: Int { secretsManager + parameterStore }

    package init(secretsManager: Int, parameterStore: Int) {
        self.secretsManager = secretsManager
        self.parameterStore = parameterStore
    }

    /// - Parameters:
    ///   - secrets: secrets and replicas in Secrets Manager.
    ///   - secretReads: calls to Secrets Manager in a month.
    ///   - advanced: advanced parameters. Standard parameters are free, and so are calls for them at standard throughput.
    ///   - advancedReads: calls for advanced parameters in a month.
    init(secrets: Int, secretReads: Int, advanced: Int, advancedReads: Int) {
        secretsManager = secrets * Self.centsPerSecret + Self.calls(secretReads)
        parameterStore = advanced * Self.centsPerAdvanced + Self.calls(advancedReads)
    }

    /// The price of `count` calls, rounded up to a cent.
    private static func calls(_ count: Int) -> Int { (count * centsPerTenThousandCalls + 9999) / 10_000 }

    /// An amount in dollars, such as `$12.40`.
    package static func text(_ cents: Int) -> String {
        "$\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
    }
}
