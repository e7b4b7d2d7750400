internal import LatchkeyAWS
internal import LatchkeyCore

extension SecretsManagerPeer {
    /// Sets a date 7 to 30 days off (default 30), or deletes at once when forced (API reference, DeleteSecret).
    mutating func deleteSecret(_ input: AWSInput, at now: WallTime) throws(AWSFault) -> JSON {
        let isForced = try input.flag("ForceDeleteWithoutRecovery")
        let days = try input.number("RecoveryWindowInDays", in: .min ... .max)
        guard !isForced || days == nil else {
            throw AWSFault(
                "InvalidParameterException",
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
        }
        guard (7...30).contains(days ?? 30) else {
            throw AWSFault(
                "InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
            )
        }
        var secret = try isForced ? find(try Self.id(input)) : findUsable(try Self.id(input))
        let date = isForced ? now : now + .seconds(86_400 * (days ?? 30))
        secret.deletion = date
        secrets[secret.name] = isForced ? nil : secret
        return ["ARN": .string(secret.arn), "DeletionDate": date.epochSeconds, "Name": .string(secret.name)]
    }

    mutating func restoreSecret(_ input: AWSInput) throws(AWSFault) -> JSON {
        var secret = try find(try Self.id(input))
        secret.deletion = nil
        secrets[secret.name] = secret
        return ["ARN": .string(secret.arn), "Name": .string(secret.name)]
    }
}
