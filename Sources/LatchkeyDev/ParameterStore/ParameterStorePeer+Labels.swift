internal import LatchkeyAWS
internal import LatchkeyCore

extension ParameterStorePeer {
    mutating func labelParameterVersion(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        var parameter = try find(ParameterReference(try input.required("Name")))
        guard let labels = try input.strings("Labels", atMost: ParameterVersion.maxLabels) else {
            throw .constraint("labels", value: "null", "not be null")
        }
        let number = try input.number("ParameterVersion", in: 1...Int64.max) ?? parameter.latest.number
        guard let version = parameter.version(.version(number)) else {
            throw Self.noVersion(.version(number), of: parameter.name)
        }
        let valid = labels.filter(Self.isLabel)
        let added = valid.filter { !version.labels.contains($0) }
        guard version.labels.count + added.count <= ParameterVersion.maxLabels else {
            throw AWSProtocolError(
                "ParameterVersionLabelLimitExceeded",
                "A parameter version can have a maximum of ten labels.")
        }
        parameter.label(number, valid)
        parameters[parameter.name] = parameter
        return [
            "InvalidLabels": .array(labels.filter { !Self.isLabel($0) }.map { .string($0) }),
            "ParameterVersion": .integer(number),
        ]
    }

    private static func isLabel(_ label: String) -> Bool { ParameterSelector(label: label) != nil }

    // MARK: Tags

    /// The most tags of one parameter.
    private static let maxTags = 50

    mutating func addTags(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        var parameter = try tagged(input)
        for tag in try input.tags() { parameter.tags[tag.key] = tag.value }
        guard parameter.tags.count <= Self.maxTags else {
            throw AWSProtocolError(
                "TooManyTagsError", "The Targets parameter includes too many tags. Remove one or more tags.")
        }
        parameters[parameter.name] = parameter
        return [:]
    }

    mutating func removeTags(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        var parameter = try tagged(input)
        for key in try input.strings("TagKeys", atMost: Self.maxTags) ?? [] { parameter.tags[key] = nil }
        parameters[parameter.name] = parameter
        return [:]
    }

    func listTags(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        let tags = try tagged(input).tags.sorted { $0.key < $1.key }
        return ["TagList": .array(tags.map { ["Key": .string($0.key), "Value": .string($0.value)] })]
    }

    private func tagged(_ input: AWSInput) throws(AWSProtocolError) -> StoredParameter {
        guard try input.required("ResourceType") == "Parameter" else {
            throw AWSProtocolError(
                "InvalidResourceType", "The resource type is not valid. Only Parameter is known here.")
        }
        guard let parameter = parameters[try input.required("ResourceId")] else {
            throw AWSProtocolError(
                "InvalidResourceId", "The resource ID is not valid. Verify that you entered the correct ID.")
        }
        return parameter
    }
}
