internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore

/// Decodes the members of one request and checks that its names belong to the application.
struct AWSRequestDecoder {
    let input: AWSInput
    let operation: AWSReadOperation
    let names: ResourceNames
    let caller: String

    // MARK: Parameters

    /// Decodes a parameter's name or ARN. A selector follows a colon (GetParameter, `Name`).
    func parameter(_ text: String) throws(AWSProtocolError) -> ParameterReference {
        let arn = try arn(text, .parameterStore, kind: "parameter/")
        let name = arn.map { $0.resource.dropFirst("parameter".count) } ?? text[...]
        let halves = name.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            .map { Substring($0) }
        guard let key = names.key(ofParameter: halves[0]) else { throw outsidePrefix(text) }
        var query = SecretQuery(key)
        if halves.count > 1 {
            switch ParameterSelector(halves[1]) {
            case .version(let number): query.version = "\(number)"
            case .label(let label): query.label = label
            case nil: throw .validation("Parameter name: a selector is a version or a label behind a colon.")
            }
        }
        return ParameterReference(text: text, query: query, account: arn?.account)
    }

    /// The names that may be read, and the ARNs of other accounts, regions and partitions, which AWS treats like
    /// unknown names.
    func parameters() throws(AWSProtocolError) -> (asks: [ParameterReference], foreignARNs: [String]) {
        guard let texts = try input.strings("Names", atMost: AWSReadRequest.maxParameters) else {
            throw .constraint("names", value: "null", "not be null")
        }
        var asks: [ParameterReference] = []
        var foreignARNs: [String] = []
        var seen: Set<ExactText> = []
        for text in texts where seen.insert(ExactText(text)).inserted {
            if let arn = AmazonResourceName(text), !names.isLocal(arn) {
                foreignARNs.append(text)
            } else {
                asks.append(try parameter(text))
            }
        }
        return (asks, foreignARNs)
    }

    func path() throws(AWSProtocolError) -> PathPageRequest {
        let text = try input.required("Path")
        let hasSlash = text.utf8.count > 1 && text.utf8.last == UInt8(ascii: "/")
        let path = hasSlash ? String(Substring(text.utf8.dropLast())) : text
        guard names.key(ofPath: path) != nil else { throw outsidePrefix(text) }
        guard try input.structures("ParameterFilters").isEmpty else {
            throw AWSProtocolError("InvalidFilterKey", "latchkey takes no ParameterFilters: choose from what is listed")
        }
        let size = try input.number("MaxResults", in: 1...Int64(AWSReadRequest.maxParameters))
        var after: ListingPage.Mark?
        if let token = try input.string("NextToken") {
            guard let mark = ListingPage.Mark(token: token) else {
                throw AWSProtocolError("InvalidNextToken", "The specified token isn't valid.")
            }
            after = mark
        }
        return PathPageRequest(
            path: path, isRecursive: try input.flag("Recursive"),
            isDecrypted: try input.flag("WithDecryption"), size: size.map { Int($0) } ?? AWSReadRequest.maxParameters,
            after: after)
    }

    // MARK: Secrets

    func secret() throws(AWSProtocolError) -> SecretReference {
        let version = try text("VersionId", in: SecretQuery.versionIDBytes)
        let label = try text("VersionStage", in: 1...SecretQuery.maxLabelBytes)
        return try secret(input.required("SecretId"), version: version, label: label)
    }

    /// An optional member whose length AWS's model bounds.
    private func text(_ name: String, in bounds: ClosedRange<Int>) throws(AWSProtocolError) -> String? {
        guard let text = try input.string(name) else { return nil }
        let member = name.prefix(1).lowercased() + name.dropFirst()
        guard text.utf8.count >= bounds.lowerBound else {
            throw .constraint(member, "have length greater than or equal to \(bounds.lowerBound)")
        }
        guard text.utf8.count <= bounds.upperBound else {
            throw .constraint(member, "have length less than or equal to \(bounds.upperBound)")
        }
        return text
    }

    func secrets() throws(AWSProtocolError) -> [SecretReference] {
        guard let ids = try input.strings("SecretIdList", atMost: AWSReadRequest.maxSecrets) else {
            guard try input.structures("Filters").isEmpty else {
                throw AWSProtocolError(
                    "InvalidParameterException", "latchkey takes no Filters: name the secrets in SecretIdList")
            }
            throw Self.idListOrFilters
        }
        guard try input.structures("Filters").isEmpty else { throw Self.idListOrFilters }
        return try ids.map { id throws(AWSProtocolError) in try secret(id) }
    }

    /// Decodes a secret's name or ARN. The six random characters of an ARN may be missing (GetSecretValue, `SecretId`).
    func secret(_ text: String, version: String? = nil, label: String? = nil) throws(AWSProtocolError)
        -> SecretReference
    {
        guard text.utf8.count <= 2048 else {
            throw .constraint("secretId", "have length less than or equal to 2048")
        }
        let arn = try arn(text, .secretsManager, kind: "secret:")
        let name = arn.map { $0.resource.dropFirst("secret:".count) } ?? text[...]
        let short = arn == nil ? nil : SecretReference.withoutSuffix(name).flatMap { names.key(ofSecret: $0) }
        guard let key = names.key(ofSecret: name) else { throw outsidePrefix(text) }
        return SecretReference(
            text: text, query: SecretQuery(key, version: version, label: label),
            shortQuery: short.map { SecretQuery($0, version: version, label: label) }, arn: arn)
    }

    /// The ARN that `text` holds; nil for a plain name.
    /// - Throws: `AccessDeniedException` for a malformed ARN, and for one of another service, kind, region or
    ///   partition.
    private func arn(_ text: String, _ service: AWSReadService, kind: String) throws(AWSProtocolError)
        -> AmazonResourceName?
    {
        guard AmazonResourceName.hasARNPrefix(text) else { return nil }
        guard let arn = AmazonResourceName(text), arn.service == service.rawValue, arn.resource.hasPrefix(kind),
            names.isLocal(arn)
        else {
            throw .denied(
                caller, operation.action,
                "the ARN names no \(service == .parameterStore ? "parameter" : "secret") in \(names.region)")
        }
        return arn
    }

    private static let idListOrFilters = AWSProtocolError(
        "InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both.")

    /// `RequestQuery.shown` shortens the name, which the caller chose, before it goes into the error.
    private func outsidePrefix(_ text: String) -> AWSProtocolError {
        .denied(
            caller, operation.action,
            "\(RequestQuery.shown(text)) is not one of the application's names, which begin with "
                + (operation.service == .parameterStore ? names.prefix : String(names.prefix.dropFirst())) + "/")
    }
}
