internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration

/// How to store values in Parameter Store: the options of plan and copy.
struct MoveArguments: ParsableArguments {
    @Option(help: "as-needed, standard, advanced or intelligent-tiering.") var tier = "as-needed"
    @Option(help: "SecureString or String.") var type = "SecureString"
    @Option(
        help: ArgumentHelp(
            "KMS key of the parameters: an id, an ARN or an alias, or same for the key of each secret.",
            valueName: "key"))
    var kmsKey: String?

    func options() throws -> MoveOptions {
        var options = MoveOptions()
        guard let tier = ParameterTierChoice(rawValue: tier.lowercased()) else {
            throw CommandFailure(.usage, "--tier must be as-needed, standard, advanced or intelligent-tiering")
        }
        guard let kind = ParameterKind(rawValue: type), kind != .stringList else {
            throw CommandFailure(.usage, "--type must be SecureString or String")
        }
        guard kmsKey == nil || kind == .secureString else {
            throw CommandFailure(.usage, "--kms-key needs --type SecureString")
        }
        options.tier = tier
        options.kind = kind
        if let kmsKey { options.key = kmsKey == "same" ? .sameAsSecret : .key(kmsKey) }
        return options
    }
}
