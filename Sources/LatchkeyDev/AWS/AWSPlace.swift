/// The account and region the stand-ins say they are in; only names are made of them.
package struct AWSPlace: Hashable, Sendable {
    package var region: String
    package var account: String

    /// The account number is the one AWS's own documentation uses.
    package init(region: String = "us-east-1", account: String = "123456789012") {
        self.region = region
        self.account = account
    }

    /// A parameter's ARN: a leading slash of the name is the one after `parameter`.
    func parameterARN(_ name: String) -> String {
        parameterARNPrefix + (name.hasPrefix("/") ? String(name.dropFirst()) : name)
    }

    /// What a parameter's ARN begins with, the slash included.
    var parameterARNPrefix: String { "arn:aws:ssm:\(region):\(account):parameter/" }

    /// What a secret's ARN begins with, up to its name.
    var secretARNPrefix: String { "arn:aws:secretsmanager:\(region):\(account):secret:" }
}
