/// The account and region of the emulated services. They appear only in ARNs.
package struct AWSLocation: Hashable, Sendable {
    package var region: String
    package var account: String

    /// The default account number is the example of the AWS documentation.
    package init(region: String = "us-east-1", account: String = "123456789012") {
        self.region = region
        self.account = account
    }

    /// The ARN of a parameter. A name's leading slash is the slash after `parameter`.
    func parameterARN(_ name: String) -> String {
        "arn:aws:ssm:\(region):\(account):parameter/" + (name.hasPrefix("/") ? String(name.dropFirst()) : name)
    }

    /// The part of a secret's ARN before its name.
    var secretARNPrefix: String { "arn:aws:secretsmanager:\(region):\(account):secret:" }
}
