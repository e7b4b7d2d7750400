internal import LatchkeyAWS
internal import LatchkeyCore

extension ParameterStorePeer {
    /// The most names in one request (GetParameters, DeleteParameters).
    static let maxBatch = 10

    func getParameter(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        let reference = ParameterReference(try input.required("Name"))
        let decrypted = try input.flag("WithDecryption")
        let parameter = try find(reference)
        guard let version = parameter.version(reference.selector) else {
            throw Self.noVersion(reference.selector, of: parameter.name)
        }
        return ["Parameter": shape(parameter, version, reference.selector, decrypted: decrypted)]
    }

    func getParameters(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        guard let names = try input.strings("Names", atMost: Self.maxBatch) else {
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

    func getParametersByPath(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        let path = try input.required("Path")
        guard path.hasPrefix("/"), !path.contains("//"), !path.contains(" ") else { throw Self.badPath }
        let isRecursive = try input.flag("Recursive")
        let decrypted = try input.flag("WithDecryption")
        let filters = try ParameterFilter.read(input, allowed: [.type, .keyID, .label])
        let names = parameters.keys.filter { ParameterFilter.isBelow($0, path, recursively: isRecursive) }
        let page = try ResultPage(of: names, input, maxSize: 10, invalidToken: Self.invalidToken)
        // AWS filters within a page: a page may be empty without being the last.
        let shown = matching(filters, page)
        return page.answer("Parameters", shown.map { shape($0, $0.latest, nil, decrypted: decrypted) })
    }

    func getParameterHistory(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        let parameter = try find(ParameterReference(try input.required("Name")))
        let decrypted = try input.flag("WithDecryption")
        // Padded, so that the keys sort like the numbers.
        let key = { (version: ParameterVersion) in String(1_000_000_000 + version.number) }
        let page = try ResultPage(
            of: parameter.versions.map(key), input, maxSize: 50, invalidToken: Self.invalidToken)
        let versions = parameter.versions.filter { page.keys.contains(key($0)) }
        let shapes = versions.map { version -> JSON in
            var members = metadata(parameter, version)
            members["ARN"] = nil
            members["Value"] = shown(version, of: parameter, decrypted: decrypted)
            members["Labels"] = .array(version.labels.map { .string($0) })
            return .object(members)
        }
        return page.answer("Parameters", shapes)
    }

    func describeParameters(_ input: AWSInput) throws(AWSProtocolError) -> JSON {
        let filters = try ParameterFilter.read(input, allowed: ParameterFilter.Key.allCases)
        let page = try ResultPage(of: parameters.keys, input, maxSize: 50, invalidToken: Self.invalidToken)
        return page.answer("Parameters", matching(filters, page).map { .object(metadata($0, $0.latest)) })
    }

    // MARK: Lookup

    /// Throws `ParameterNotFound`, which has no message on the wire.
    func find(_ reference: ParameterReference) throws(AWSProtocolError) -> StoredParameter {
        for name in reference.names {
            if let parameter = parameters[name] { return parameter }
        }
        throw AWSProtocolError("ParameterNotFound")
    }

    static func noVersion(_ selector: ParameterReference.Selector?, of name: String) -> AWSProtocolError {
        let wanted =
            switch selector {
            case .version(let number): "version \(number)"
            case .label(let label): "version label \(label)"
            case nil: "the latest version"
            }
        return AWSProtocolError(
            "ParameterVersionNotFound",
            "Systems Manager could not find \(wanted) of \(name). Verify the version and try again.")
    }

    private func matching(_ filters: [ParameterFilter], _ page: ResultPage) -> [StoredParameter] {
        page.keys.compactMap { parameters[$0] }.filter { parameter in filters.allSatisfy { $0.matches(parameter) } }
    }

    private static let invalidToken = AWSProtocolError("InvalidNextToken", "The specified token isn't valid.")

    /// The error of GetParametersByPath for a path that cannot have parameters below it.
    private static let badPath = AWSProtocolError.validation(
        "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "
            + "\"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, "
            + "or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All "
            + "sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: "
            + "/get/parameters2-/by1./path0_.")

    // MARK: Response shapes (botocore model of ssm: Parameter, ParameterMetadata, ParameterHistory)

    private func shape(
        _ parameter: StoredParameter, _ version: ParameterVersion, _ selector: ParameterReference.Selector?,
        decrypted: Bool
    ) -> JSON {
        var members: JSONObject = [
            "ARN": .string(location.parameterARN(parameter.name)), "DataType": .string(parameter.dataType),
            "LastModifiedDate": version.modified.epochSeconds, "Name": .string(parameter.name),
            "Type": .string(parameter.type.rawValue), "Value": shown(version, of: parameter, decrypted: decrypted),
            "Version": .integer(version.number),
        ]
        if let selector { members["Selector"] = .string(selector.text) }
        return .object(members)
    }

    private func metadata(_ parameter: StoredParameter, _ version: ParameterVersion) -> JSONObject {
        var members: JSONObject = [
            "ARN": .string(location.parameterARN(parameter.name)), "DataType": .string(parameter.dataType),
            "LastModifiedDate": version.modified.epochSeconds,
            "LastModifiedUser": .string("arn:aws:iam::\(location.account):user/dev"), "Name": .string(parameter.name),
            "Policies": [], "Tier": .string(version.tier.rawValue), "Type": .string(parameter.type.rawValue),
            "Version": .integer(version.number),
        ]
        members["AllowedPattern"] = parameter.allowedPattern.map { .string($0) }
        members["Description"] = parameter.description.map { .string($0) }
        members["KeyId"] = parameter.keyID.map { .string($0) }
        return members
    }
}
