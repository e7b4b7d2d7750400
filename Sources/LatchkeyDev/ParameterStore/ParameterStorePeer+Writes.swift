internal import LatchkeyAWS
internal import LatchkeyCore

extension ParameterStorePeer {
    mutating func putParameter(_ input: AWSInput, at now: WallTime) throws(AWSProtocolError) -> JSON {
        let put = try PutParameterRequest(input, at: location)
        if var existing = parameters[put.name.text] {
            guard put.overwrites else {
                throw AWSProtocolError(
                    "ParameterAlreadyExists",
                    "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
                )
            }
            try put.check(against: existing)
            let tier = try put.tier(existing: existing.latest.tier)
            try existing.append(put.value, tier: tier, at: now)
            put.setAttributes(of: &existing)
            parameters[existing.name] = existing
            return Self.written(existing)
        }
        guard let type = put.type else {
            throw .validation("A parameter type is required when you create a parameter.")
        }
        try put.checkPattern(put.allowedPattern)
        var created = StoredParameter(
            name: put.name.text, type: type, value: put.value, tier: try put.tier(existing: nil), modified: now)
        put.setAttributes(of: &created)
        for tag in put.tags { created.tags[tag.key] = tag.value }
        parameters[created.name] = created
        return Self.written(created)
    }

    mutating func deleteParameter(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        let parameter = try find(ParameterReference(try input.required("Name")))
        parameters[parameter.name] = nil
        return [:]
    }

    mutating func deleteParameters(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        guard let names = try input.strings("Names", atMost: Self.maxBatch) else {
            throw .constraint("names", value: "null", "not be null")
        }
        var deleted: [JSON] = []
        var invalid: [JSON] = []
        for name in names {
            if let parameter = try? find(ParameterReference(name)) {
                parameters[parameter.name] = nil
                deleted.append(.string(parameter.name))
            } else {
                invalid.append(.string(name))
            }
        }
        return ["DeletedParameters": .array(deleted), "InvalidParameters": .array(invalid)]
    }

    private static func written(_ parameter: StoredParameter) -> JSON {
        ["Tier": .string(parameter.latest.tier.rawValue), "Version": .integer(parameter.latest.number)]
    }
}
