internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `GET /systemsmanager/parameters/get` and `GET /secretsmanager/get` of the AWS Parameters and Secrets Lambda
    /// Extension, and `GET /v1/{secret id}` of the Secrets Manager Agent. Responses and errors have the format of the
    /// services' API.
    func awsExtension(_ context: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) throws(Problem) {
        let service: AWSReadService = call.entry.route == .extensionParameters ? .parameterStore : .secretsManager
        let answer = AWSResponseWriter(service: service, id: ids.text(context.slice(context.head.requestID)))
        let caller = try extensionCaller(context, call.entry)
        let values = try RequestQuery(query, allowed: call.entry.query)
        let refresh = try values.flag("refreshNow")
        do throws(AWSProtocolError) {
            let request =
                try service == .parameterStore
                ? parameterRequest(values, caller) : secretRequest(call.pathParameter, values, caller)
            answerRead(context, call, with: answer, request: request, refresh: refresh)
        } catch {
            answer.write(error, to: context.reply)
            recordAnswer(context, call)
        }
    }

    /// Maps the query parameters to the members of an API request, so that the same decoder checks both.
    private func parameterRequest(_ values: RequestQuery, _ caller: Caller) throws(AWSProtocolError) -> AWSReadRequest {
        var members: JSONObject = [:]
        let suffix = try selector(values).map { ":\($0)" } ?? ""
        members["Name"] = values["name"].map { .string($0 + suffix) }
        switch values["withDecryption"] {
        case nil, "false": break
        case "true": members["WithDecryption"] = true
        default: throw .validation("withDecryption must be true or false")
        }
        return try request(.getParameter, members, caller)
    }

    /// Of `version` and `label`, the first one in the query counts (Systems Manager User Guide, "Using Parameter Store
    /// parameters in AWS Lambda functions"). It is checked before it becomes part of the name.
    private func selector(_ values: RequestQuery) throws(AWSProtocolError) -> ParameterSelector? {
        guard let name = values.first(of: ["version", "label"]), let text = values[name] else { return nil }
        guard let selector = name == "version" ? ParameterSelector(version: text) : ParameterSelector(label: text)
        else {
            throw .validation(
                "\(name) must be \(name == "version" ? SecretSelectors.versionRule : SecretSelectors.labelRule)")
        }
        return selector
    }

    /// - Parameter path: the secret's id in the path, percent-encoded; empty if the id is in the query.
    private func secretRequest(
        _ path: UnsafeRawBufferPointer, _ values: RequestQuery, _ caller: Caller
    ) throws(AWSProtocolError) -> AWSReadRequest {
        var members: JSONObject = [:]
        if !path.isEmpty {
            guard let id = PercentEncoding.decode(path) else {
                throw .validation("the path after /v1/ is not percent-encoded text")
            }
            members["SecretId"] = .string(id)
        }
        for (name, member) in [
            ("secretId", "SecretId"), ("versionId", "VersionId"), ("versionStage", "VersionStage"),
        ] {
            if let text = values[name] { members[member] = .string(text) }
        }
        return try request(.getSecretValue, members, caller)
    }

    private func request(
        _ operation: AWSReadOperation, _ members: JSONObject, _ caller: Caller
    ) throws(AWSProtocolError) -> AWSReadRequest {
        try AWSReadRequest(
            operation, body: JSON.object(members).bytes(), names: services.aws.store.names, caller: caller.id)
    }

    /// Authenticates by a field of ``ExtensionToken``, or by `Authorization: Bearer` if there is none.
    func extensionCaller(_ context: RequestContext, _ entry: RouteTable.Entry) throws(Problem) -> Caller {
        guard let caller = tokenCaller(context) else {
            throw Problem(
                401, .unauthorized,
                "a valid key is needed in \(ExtensionToken.allFields), or in Authorization: Bearer <key>")
        }
        guard case .token(let scope) = entry.access, caller.scopes.isSuperset(of: scope) else {
            services.metrics.authFailure(.scope)
            throw Problem(403, .forbidden, "this key does not open secrets")
        }
        return caller
    }

    /// The caller by any of the ways that the extension's routes accept. Only the first field present counts: a wrong
    /// key in it is not replaced by a valid one elsewhere.
    func tokenCaller(_ context: RequestContext) -> Caller? {
        guard let token = ExtensionToken.field(of: context) else { return caller(context) }
        let caller = keys.caller(presenting: context.slice(token))
        if caller == nil { noteUnknownCaller(context, .unknown) }
        callerID = caller?.id
        return caller
    }
}
