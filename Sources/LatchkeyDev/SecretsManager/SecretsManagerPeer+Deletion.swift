internal import LatchkeyAWS
internal import LatchkeyCore

extension SecretsManagerPeer {
    /// The recovery window in days (DeleteSecret, `RecoveryWindowInDays`); its upper bound is the default.
    private static let recoveryDays: ClosedRange<Int64> = 7...30

    /// Schedules the deletion, or deletes at once with `ForceDeleteWithoutRecovery`.
    mutating func deleteSecret(_ input: AWSInput, at now: WallTime) throws(AWSProtocolError) -> JSON {
        let isForced = try input.flag("ForceDeleteWithoutRecovery")
        let days = try input.number("RecoveryWindowInDays", in: .min ... .max)
        guard !isForced || days == nil else {
            throw AWSProtocolError(
                "InvalidParameterException",
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
        }
        guard Self.recoveryDays.contains(days ?? Self.recoveryDays.upperBound) else {
            throw AWSProtocolError(
                "InvalidParameterException",
                "The RecoveryWindowInDays value must be between \(Self.recoveryDays.lowerBound) and "
                    + "\(Self.recoveryDays.upperBound) days (inclusive)."
            )
        }
        var secret = try isForced ? find(try Self.id(input)) : findUsable(try Self.id(input))
        let date = isForced ? now : now + .seconds(86_400 * (days ?? Self.recoveryDays.upperBound))
        secret.deletion = date
        secrets[secret.name] = isForced ? nil : secret
        return ["ARN": .string(secret.arn), "DeletionDate": date.epochSeconds, "Name": .string(secret.name)]
    }

    mutating func restoreSecret(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        var secret = try find(try Self.id(input))
        secret.deletion = nil
        secrets[secret.name] = secret
        return ["ARN": .string(secret.arn), "Name": .string(secret.name)]
    }
}
