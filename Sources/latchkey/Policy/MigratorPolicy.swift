/// What whoever moves secrets may do: read the old store, write the new one, turn the fleet. Taking away and putting
/// back in the old store is opened by itself, for the day it is done.
package struct MigratorPolicy: Sendable {
    package let place: PolicyPlace
    /// Lambda functions that a cut-over turns, by name.
    package var functions: [String] = []
    /// For `latchkey migrate cleanup`.
    package var deletes = false
    /// For `latchkey migrate restore --to secrets-manager`.
    package var restores = false

    package init(place: PolicyPlace) { self.place = place }

    package var document: PolicyDocument {
        PolicyDocument(([looking, oldStore, newStore, tokenCache, turning, cleanup, restoring, key]).compactMap { $0 })
    }

    /// Neither has a resource to be named (Service Authorization Reference).
    private var looking: PolicyStatement? {
        PolicyStatement(
            "LookAround", ["secretsmanager:ListSecrets", "ssm:DescribeParameters"], on: ["*"])
    }

    private var oldStore: PolicyStatement? {
        PolicyStatement(
            "ReadTheOldStore",
            ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "secretsmanager:GetSecretValue"],
            on: [place.secret("*")])
    }

    private var newStore: PolicyStatement? {
        PolicyStatement(
            "ReadAndWriteTheNewStore",
            ["ssm:AddTagsToResource", "ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"],
            on: [place.parameter("*")])
    }

    private var tokenCache: PolicyStatement? {
        PolicyStatement(
            "LeaveTheTokenCacheAlone", ["ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"],
            on: [place.parameter("auth0-cache/*")], effect: .deny)
    }

    private var turning: PolicyStatement? {
        guard !functions.isEmpty else { return nil }
        return PolicyStatement(
            "TurnTheFunctions", ["lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"],
            on: functions.map { place.function($0) })
    }

    private var cleanup: PolicyStatement? {
        guard deletes else { return nil }
        return PolicyStatement(
            "SetAndTakeBackDeletions", ["secretsmanager:DeleteSecret", "secretsmanager:RestoreSecret"],
            on: [place.secret("*")])
    }

    private var restoring: PolicyStatement? {
        guard restores else { return nil }
        return PolicyStatement(
            "PutBackIntoTheOldStore",
            [
                "secretsmanager:CreateSecret", "secretsmanager:PutSecretValue", "secretsmanager:RestoreSecret",
                "secretsmanager:TagResource",
            ], on: [place.secret("*")])
    }

    private var key: PolicyStatement? {
        place.key(
            "UseTheKey", ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], via: ["secretsmanager", "ssm"])
    }
}
