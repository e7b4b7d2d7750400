internal import LatchkeyAWS
internal import LatchkeyCore
internal import LatchkeyCrypto

/// A PutParameter request. Its initializer checks every rule that does not depend on the stored parameter.
struct PutParameterRequest {
    let name: NewParameterName
    let value: Secret
    let type: ParameterType?
    let overwrites: Bool
    let allowedPattern: String?
    let tags: [(key: String, value: String)]
    private let description: String?
    private let keyID: String?
    private let dataType: String?
    private let wantedTier: String?

    init(_ input: AWSInput, at location: AWSLocation) throws(AWSProtocolError) {
        name = try NewParameterName(try input.required("Name"), at: location)
        value = try Self.value(input)
        type = try Self.type(input)
        overwrites = try input.flag("Overwrite")
        tags = try input.tags()
        guard tags.isEmpty || !overwrites else {
            throw .validation(
                "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please "
                    + "remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
                    + "RemoveTagsFromResource.")
        }
        description = try Self.bounded(input, "Description")
        allowedPattern = try Self.bounded(input, "AllowedPattern")
        keyID = try input.string("KeyId")
        dataType = try input.string("DataType")
        guard dataType == nil || dataType == "text" || dataType == "aws:ec2:image" else {
            throw .validation(
                "The following data type is not supported: \(dataType ?? "") (Data type names are all lowercase.)")
        }
        wantedTier = try input.string("Tier")
        guard try input.string("Policies") == nil else {
            throw .validation("Parameter policies are not supported by this emulation.")
        }
    }

    private static func value(_ input: AWSInput) throws(AWSProtocolError) -> Secret {
        guard let text = try input.string("Value") else { throw .constraint("value", value: "null", "not be null") }
        guard !text.isEmpty else { throw .constraint("value", "have length greater than or equal to 1") }
        guard !text.contains("{{") else {
            throw .validation("Parameter value can't nest another parameter. Do not use \"{{}}\" in the value.")
        }
        return Secret(text)
    }

    private static func type(_ input: AWSInput) throws(AWSProtocolError) -> ParameterType? {
        guard let word = try input.string("Type"), !word.isEmpty else { return nil }
        guard let type = ParameterType(rawValue: word) else {
            throw .constraint("type", value: word, "satisfy enum value set: [SecureString, StringList, String]")
        }
        return type
    }

    /// The most characters in `Description` and `AllowedPattern`.
    private static let maxText = 1024

    /// A text of at most ``maxText`` characters; nil if it is empty.
    private static func bounded(_ input: AWSInput, _ member: String) throws(AWSProtocolError) -> String? {
        guard let text = try input.string(member), !text.isEmpty else { return nil }
        guard text.count <= maxText else {
            let name = member.prefix(1).lowercased() + member.dropFirst()
            throw .constraint(name, value: text, "have length less than or equal to \(maxText)")
        }
        return text
    }

    // MARK: Rules that depend on the stored parameter

    func check(against existing: StoredParameter) throws(AWSProtocolError) {
        guard type == nil || type == existing.type else {
            throw AWSProtocolError(
                "HierarchyTypeMismatchException",
                "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a "
                    + "parameter from a String type to a SecureString type. You must create a new, unique parameter.")
        }
        try checkPattern(allowedPattern ?? existing.allowedPattern)
    }

    func checkPattern(_ pattern: String?) throws(AWSProtocolError) {
        guard let pattern else { return }
        guard let expression = try? Regex(pattern) else {
            throw AWSProtocolError(
                "InvalidAllowedPatternException",
                "The request does not meet the regular expression requirement: \(pattern)")
        }
        guard let text = value.revealText(), text.firstMatch(of: expression) != nil else {
            throw AWSProtocolError(
                "ParameterPatternMismatchException",
                "Parameter value, cannot be validated against allowedPattern: \(pattern)")
        }
    }

    /// The tier of the new version. A parameter never leaves the Advanced tier (User Guide, "Managing parameter tiers").
    func tier(existing: ParameterTier?) throws(AWSProtocolError) -> ParameterTier {
        let tier: ParameterTier
        switch wantedTier {
        case nil, "": tier = existing ?? .standard
        case "Standard":
            guard existing != .advanced else {
                throw .validation(
                    "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
                        + "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced "
                        + "parameter and recreate it as a standard parameter.")
            }
            tier = .standard
        case "Advanced": tier = .advanced
        case "Intelligent-Tiering":
            tier = existing == .advanced || value.count > ParameterTier.standard.maxValueBytes ? .advanced : .standard
        case let word?:
            throw .constraint("tier", value: word, "satisfy enum value set: [Standard, Intelligent-Tiering, Advanced]")
        }
        guard value.count <= tier.maxValueBytes else { throw Self.tooLong(tier) }
        return tier
    }

    private static func tooLong(_ tier: ParameterTier) -> AWSProtocolError {
        switch tier {
        case .standard:
            .validation(
                "Standard tier parameters support a maximum parameter value of \(tier.maxValueBytes) characters. To create a larger "
                    + "parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see "
                    + "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
            )
        case .advanced:
            .validation(
                "Advanced tier parameters support a maximum parameter value of \(tier.maxValueBytes) characters.")
        }
    }

    /// Sets the attributes that the request has; the others keep their values.
    func setAttributes(of parameter: inout StoredParameter) {
        if let description { parameter.description = description }
        if let allowedPattern { parameter.allowedPattern = allowedPattern }
        if let dataType { parameter.dataType = dataType }
        if let keyID, parameter.type == .secureString { parameter.keyID = keyID }
    }
}
