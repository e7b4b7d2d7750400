internal import LatchkeyCore

extension Obstacle {
    /// What the obstacle is. Lower case, without any part of the value.
    package var explanation: String {
        switch self {
        case .notFound: "there is no such secret"
        case .noValue: "the secret has no current value"
        case .pendingDeletion(let date):
            "the secret is scheduled for deletion on \(Day.text(date)) and cannot be read until that is cancelled"
        case .ownedByService(let service): "the secret belongs to \(service), which changes its value"
        case .rotation: "rotation is on: the next rotation makes the copy out of date"
        case .replicas(let regions): "the secret has replicas in \(regions.joined(separator: ", "))"
        case .replica(let region): "this is a replica of the secret in \(region)"
        case .resourcePolicy: "the secret has a resource policy, which a standard parameter cannot have"
        case .keyOfItsOwn(let key):
            "the secret is encrypted with \(key); the parameter would be encrypted with alias/aws/ssm, which every "
                + "principal of the account can use to decrypt"
        case .nameCharacters(let characters):
            "the parameter name must not contain \(characters.map { "'\($0)'" }.joined(separator: " "))"
        case .nameShape:
            "the parameter name must have the form /level/level: a slash at its start, none at its end, and no empty "
                + "level"
        case .nameReserved(let word): "the parameter name must not begin with \(word), which AWS reserves"
        case .nameDepth(let levels):
            "the parameter name has \(levels) levels; at most \(ParameterNameRules.maxLevels) are allowed"
        case .nameLength(let length):
            "the parameter's ARN would have \(length) characters; at most \(ParameterNameRules.maxARNLength) are allowed"
        case .sameTarget(let other): "\(other) goes to the same parameter"
        case .binary: "the value is binary, and a parameter holds only text"
        case .reference: "the value contains {{, which Parameter Store takes for a reference and refuses"
        case .notText: "the value is not UTF-8 text"
        case .overStandard(let bytes):
            "the value has \(bytes) bytes; the Standard tier holds \(ParameterTier.standard.maxValueBytes)"
        case .needsAdvanced(let bytes):
            "the value has \(bytes) bytes and needs the Advanced tier: \(Cost.advancedPrice), and the parameter cannot go "
                + "back to the Standard tier"
        case .overAdvanced(let bytes):
            "the value has \(bytes) bytes; the Advanced tier, the largest, holds \(ParameterTier.advanced.maxValueBytes)"
        case .otherType(let kind): "the parameter exists with the type \(kind.rawValue), which cannot be changed"
        case .keptAsItIs(let key, let tier):
            "the parameter already has the value, "
                + [key.map { "encrypted with \($0)" }, tier.map { "in the \($0.rawValue) tier" }].compactMap { $0 }
                .joined(separator: " and ") + "; an equal value is not written again"
        case .otherValue(let version): "the parameter exists with another value, at version \(version)"
        case .descriptionCut(let count):
            "the description has \(count) characters; only the first \(Self.maxDescription) are copied"
        case .reservedTags(let count): "\(count) of its tags are reserved by AWS (aws:) and are not copied"
        case .denied(let action): "\(action) is refused"
        case .unread(let action): "\(action) got no answer"
        }
    }

    /// What to do about it. Lower case.
    package var remedy: String {
        switch self {
        case .notFound: "check the name and AWS_REGION, or leave the secret out"
        case .noValue: "set a value with aws secretsmanager put-secret-value, or leave the secret out"
        case .pendingDeletion: "cancel the deletion with aws secretsmanager restore-secret, or leave the secret out"
        case .ownedByService: "leave it in Secrets Manager, where the service looks for it"
        case .rotation:
            "cancel the rotation before the copy and rotate the value at its source, or leave the secret out"
        case .replicas: "copy the secret in each region that reads it, and remove the replicas before cleanup"
        case .replica: "move the secret from its primary region, unless a copy in this region is intended"
        case .resourcePolicy:
            "give the principals of that policy ssm:GetParameter in an identity policy, or share the parameter with AWS "
                + "RAM"
        case .keyOfItsOwn: "--kms-key same keeps the key of the secret; --kms-key ID uses another one"
        case .nameCharacters, .nameShape, .nameReserved, .nameDepth, .nameLength:
            "choose another parameter name in a map file (--map)"
        case .sameTarget: "choose another parameter name for one of them in a map file (--map)"
        case .binary, .notText:
            "store its base64 as a text secret that applications decode, or leave it in Secrets Manager"
        case .reference: "store the value in another form, such as base64, or leave it in Secrets Manager"
        case .overStandard: "use --tier as-needed or --tier advanced (\(Cost.advancedPrice))"
        case .needsAdvanced:
            "nothing, if the price is right; otherwise shorten the value to \(ParameterTier.standard.maxValueBytes) bytes"
        case .overAdvanced: "split it into several secrets, or leave it in Secrets Manager"
        case .otherType(let kind):
            // No option copies into a StringList.
            (kind == .stringList ? "" : "use --type \(kind.rawValue), ")
                + "delete the parameter, or choose another parameter name in a map file (--map)"
        case .keptAsItIs: "nothing, if that is right; otherwise delete the parameter and copy again"
        case .otherValue: "find out which value is right; copy --yes overwrites the parameter"
        case .descriptionCut: "nothing, or shorten the description"
        case .reservedTags: "nothing: AWS sets these tags itself"
        case .unread: "run the command again; a copy continues with --resume"
        case .denied(let action):
            "allow \(action) for the identity that runs this command (latchkey policy --role migrator)"
        }
    }
}
