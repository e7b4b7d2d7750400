internal import LatchkeyAWS
internal import LatchkeyCore

extension ParameterStorePeer {
    func getParameter(_ input: AWSInput) throws(AWSFault) -> JSON {
        let reference = ParameterReference(try input.required("Name"))
        let decrypted = try input.flag("WithDecryption")
        let parameter = try find(reference)
        guard let version = parameter.version(reference.selector) else {
            throw Self.noVersion(reference.selector, of: parameter.name)
        }
        return ["Parameter": shape(parameter, version, reference.selector, decrypted: decrypted)]
    }

    func getParameters(_ input: AWSInput) throws(AWSFault) -> JSON {
        guard let names = try input.strings("Names", atMost: 10) else {
            throw .constraint("names", value: "null", "not be null")
        }
        let decrypted = try input.flag("WithDecryption")
        var found: [JSON] = []
        var invalid: [JSON] = []
        for name in names {
            let reference = ParameterReference(name)
            if let parameter = try? find(reference), let version = parameter.version(reference.selector) {
                found.append(shape(parameter, version, reference.selector, decrypted: decrypted))
            } else {
                invalid.append(.string(name))
            }
        }
        return ["Parameters": .array(found), "InvalidParameters": .array(invalid)]
    }

    func getParametersByPath(_ input: AWSInput) throws(AWSFault) -> JSON {
        let path = try input.required("Path")
        guard path.hasPrefix("/"), !path.contains("//"), !path.contains(" ") else { throw ParameterName.badPath }
        let below = path.hasSuffix("/") ? path : path + "/"
        let isRecursive = try input.flag("Recursive")
        let decrypted = try input.flag("WithDecryption")
        let filters = try ParameterFilter.read(input, allowed: [.type, .keyID, .label])
        let names = parameters.keys.filter { name in
            name.hasPrefix(below) && (isRecursive || !name.dropFirst(below.count).contains("/"))
        }
        let page = try page(names, input, most: 10)
        // Filters apply to the page, as AWS does it: a page may be empty and still not be the last.
        let shown = page.parameters.filter { parameter in filters.allSatisfy { $0.matches(parameter) } }
        return listing(shown.map { shape($0, $0.latest, nil, decrypted: decrypted) }, next: page.next)
    }

    func getParameterHistory(_ input: AWSInput) throws(AWSFault) -> JSON {
        let parameter = try find(ParameterReference(try input.required("Name")))
        let decrypted = try input.flag("WithDecryption")
        let size = Int(try input.number("MaxResults", in: 1...50) ?? 50)
        let start = try startKey(input)
        // Padded, so that the order of texts is the order of numbers.
        let keys = parameter.versions.map { key($0.number) }
        let page = PageToken.page(keys, after: start, size: size)
        let versions = parameter.versions.filter { page.keys.contains(key($0.number)) }
        let shapes = versions.map { version -> JSON in
            var members = metadata(parameter, version)
            members["ARN"] = nil
            members["Value"] = shown(version, of: parameter, decrypted: decrypted)
            members["Labels"] = .array(version.labels.map { .string($0) })
            return .object(members)
        }
        return listing(shapes, next: page.next)
    }

    func describeParameters(_ input: AWSInput) throws(AWSFault) -> JSON {
        let filters = try ParameterFilter.read(input, allowed: ParameterFilter.Key.allCases)
        let page = try page(Array(parameters.keys), input, most: 50)
        let shown = page.parameters.filter { parameter in filters.allSatisfy { $0.matches(parameter) } }
        return listing(shown.map { .object(metadata($0, $0.latest)) }, next: page.next)
    }

    // MARK: Finding

    /// `ParameterNotFound` has no message on the wire.
    func find(_ reference: ParameterReference) throws(AWSFault) -> StoredParameter {
        for name in reference.names {
            if let parameter = parameters[name] { return parameter }
        }
        throw AWSFault("ParameterNotFound")
    }

    static func noVersion(_ selector: ParameterReference.Selector?, of name: String) -> AWSFault {
        let wanted =
            switch selector {
            case .version(let number): "version \(number)"
            case .label(let label): "version label \(label)"
            case nil: "the latest version"
            }
        return AWSFault(
            "ParameterVersionNotFound",
            "Systems Manager could not find \(wanted) of \(name). Verify the version and try again.")
    }

    private func page(
        _ names: [String], _ input: AWSInput, most: Int64
    ) throws(AWSFault) -> (parameters: [StoredParameter], next: String?) {
        let size = Int(try input.number("MaxResults", in: 1...most) ?? most)
        let page = PageToken.page(names.sorted(), after: try startKey(input), size: size)
        return (page.keys.compactMap { parameters[$0] }, page.next)
    }

    private func startKey(_ input: AWSInput) throws(AWSFault) -> String? {
        guard let token = try input.string("NextToken") else { return nil }
        guard let key = PageToken.decode(token) else {
            throw AWSFault("InvalidNextToken", "The specified token isn't valid.")
        }
        return key
    }

    private func key(_ number: Int64) -> String { String(1_000_000_000 + number) }

    // MARK: Shapes (botocore ssm model: Parameter, ParameterMetadata, ParameterHistory)

    private func shape(
        _ parameter: StoredParameter, _ version: ParameterVersion, _ selector: ParameterReference.Selector?,
        decrypted: Bool
    ) -> JSON {
        var members: JSONObject = [
            "ARN": .string(place.parameterARN(parameter.name)), "DataType": .string(parameter.dataType),
            "LastModifiedDate": version.modified.epochSeconds, "Name": .string(parameter.name),
            "Type": .string(parameter.type.rawValue), "Value": shown(version, of: parameter, decrypted: decrypted),
            "Version": .integer(version.number),
        ]
        if let selector { members["Selector"] = .string(selector.text) }
        return .object(members)
    }

    private func metadata(_ parameter: StoredParameter, _ version: ParameterVersion) -> JSONObject {
        var members: JSONObject = [
            "ARN": .string(place.parameterARN(parameter.name)), "DataType": .string(parameter.dataType),
            "LastModifiedDate": version.modified.epochSeconds,
            "LastModifiedUser": .string("arn:aws:iam::\(place.account):user/dev"), "Name": .string(parameter.name),
            "Policies": [], "Tier": .string(version.tier.rawValue), "Type": .string(parameter.type.rawValue),
            "Version": .integer(version.number),
        ]
        members["AllowedPattern"] = parameter.allowedPattern.map { .string($0) }
        members["Description"] = parameter.description.map { .string($0) }
        members["KeyId"] = parameter.keyID.map { .string($0) }
        return members
    }

    private func listing(_ shapes: [JSON], next: String?) -> JSON {
        var members: JSONObject = ["Parameters": .array(shapes)]
        members["NextToken"] = next.map { .string($0) }
        return .object(members)
    }
}

extension WallTime {
    /// Seconds since the epoch with a fraction: the timestamps of AWS JSON 1.1.
    var epochSeconds: JSON { .number(Double(milliseconds) / 1000) }
}
