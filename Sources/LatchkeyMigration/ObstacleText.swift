internal import LatchkeyCore

extension Obstacle {
    /// What is in the way, lower case, without any of the value.
    package var explanation: String {
        switch self {
        case .notFound: "there is no such secret"
        case .noValue: "the secret has no current value"
        case .pendingDeletion(let date):
            "the secret is to be deleted on \(Day.text(date)) and cannot be read until then"
        case .ownedByService(let service): "the secret belongs to \(service), which changes it by itself"
        case .rotation: "rotation is on: the copy is out of date after the next one"
        case .replicas(let regions): "the secret has replicas in \(regions.joined(separator: ", "))"
        case .replica(let region): "this is a replica of the secret in \(region)"
        case .resourcePolicy: "the secret has a resource policy; standard parameters have none"
        case .keyOfItsOwn(let key):
            "the secret is encrypted under \(key); the parameter would be under alias/aws/ssm, which every principal of "
                + "the account can decrypt by"
        case .nameCharacters(let characters):
            "parameter names do not have \(characters.map { "'\($0)'" }.joined(separator: " "))"
        case .nameShape: "a parameter name is /level/level: a slash first, none last, no empty level"
        case .nameReserved(let word): "parameter names do not begin with \(word)"
        case .nameDepth(let levels): "the name has \(levels) levels; \(ParameterName.mostLevels) are the most"
        case .nameLength(let length):
            "the parameter's ARN would have \(length) characters; \(ParameterName.longestARN) are the most"
        case .sameTarget(let other): "\(other) goes to the same parameter"
        case .binary: "the value is binary; parameters are text"
        case .reference: "the value has {{ in it, which Parameter Store takes for a reference and refuses"
        case .notText: "the value is not UTF-8"
        case .overStandard(let bytes): "the value has \(bytes) bytes; the Standard tier holds 4096"
        case .needsAdvanced(let bytes): "the value has \(bytes) bytes: Advanced tier, \(Cost.advancedPrice), for good"
        case .overAdvanced(let bytes):
            "the value has \(bytes) bytes; the Advanced tier holds 8192, and there is no larger"
        case .otherType(let kind): "the parameter is there as \(kind.rawValue); its type cannot be changed"
        case .keptAsItIs(let key, let tier):
            "the parameter has the value already, "
                + [key.map { "under \($0)" }, tier.map { "in the \($0.rawValue) tier" }].compactMap { $0 }
                .joined(separator: " and ") + ", and an equal value is not written again"
        case .otherValue(let version): "the parameter is there with another value, at version \(version)"
        case .descriptionCut(let count): "the description has \(count) characters; 1024 of them are carried"
        case .reservedTags(let count): "\(count) of its tags are AWS's own (aws:) and are not carried"
        case .denied(let action): "\(action) is refused"
        case .unread(let action): "\(action) got no answer"
        }
    }

    /// What to do about it.
    package var remedy: String {
        switch self {
        case .notFound: "check the name and AWS_REGION, or leave it out"
        case .noValue: "put a value with aws secretsmanager put-secret-value, or leave it out"
        case .pendingDeletion: "aws secretsmanager restore-secret brings it back; else leave it out"
        case .ownedByService: "leave it in Secrets Manager, where the service finds it"
        case .rotation: "cancel the rotation before the copy, and rotate where the value is made; or leave it out"
        case .replicas: "copy in each region where it is read; remove the replicas before cleanup"
        case .replica: "move it from its primary region, or copy it here on purpose"
        case .resourcePolicy: "give whoever reads by it ssm:GetParameter in an identity policy, or share by AWS RAM"
        case .keyOfItsOwn: "--kms-key same keeps the key, --kms-key ID takes another"
        case .nameCharacters, .nameShape, .nameReserved, .nameDepth, .nameLength:
            "give it another name in a map file: --map"
        case .sameTarget: "give one of them another name in a map file: --map"
        case .binary: "store its base64 as a text secret that applications decode, or leave it in Secrets Manager"
        case .reference: "store it in another form, such as base64, or leave it in Secrets Manager"
        case .notText: "store its base64 as a text secret that applications decode, or leave it in Secrets Manager"
        case .overStandard: "--tier as-needed or advanced: \(Cost.advancedPrice)"
        case .needsAdvanced: "nothing if that price is right; else shorten the value to 4096 bytes"
        case .overAdvanced: "split it in several secrets, or leave it in Secrets Manager"
        case .otherType(let kind):
            kind == .stringList
                ? "delete the parameter, or give the secret another name in a map file: --map"
                : "--type \(kind.rawValue), or delete the parameter, or another name in a map file: --map"
        case .keptAsItIs: "nothing if that is right; else delete the parameter, and copy"
        case .otherValue: "make sure which is right; copy --yes writes over it"
        case .descriptionCut: "nothing, or shorten it"
        case .reservedTags: "nothing: AWS sets them"
        case .unread: "run the command again; a copy goes on with --resume"
        case .denied(let action): "allow \(action) in the policy of whoever runs this (latchkey policy --role migrator)"
        }
    }
}
