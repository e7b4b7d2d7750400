/// The permissions for a migration: read the old store, write the new one, switch the fleet. Deleting and restoring
/// secrets in the old store are separate options.
package struct MigratorPolicy: Sendable {
    package let place: PolicyPlace
    /// Names of Lambda functions whose variable a cut-over changes.
    package var functions: [String] = []
    /// For `latchkey migrate cleanup`.
    package var deletes = false
    /// For `latchkey migrate restore --to secrets-manager`.
    package var restores = false

    package init(place: PolicyPlace) { self.place = place }

    package var document: PolicyDocument {
        let statements = [describing, oldStore, newStore, tokenCache, switching, cleanup, restoring, key]
        return PolicyDocument(statements.compactMap { $0 })
    }

    /// These actions take no resource (Service Authorization Reference).
    private var describing: PolicyStatement? {
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

    private var switching: PolicyStatement? {
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
