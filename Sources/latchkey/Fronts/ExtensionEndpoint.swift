internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Endpoints {
    /// `GET /systemsmanager/parameters/get` and `GET /secretsmanager/get`, as the AWS Parameters and Secrets Lambda
    /// Extension has them, and `GET /v1/{secret id}` of the Secrets Manager agent. Answers and errors are those of the
    /// services' API.
    func awsExtension(_ exchange: RequestContext, _ call: Call, _ query: UnsafeRawBufferPointer) throws(Problem) {
        let service: FrontService = call.entry.route == .extensionParameters ? .parameterStore : .secretsManager
        let answer = FrontAnswer(service: service, id: ids.text(exchange.slice(exchange.head.requestID)))
        let caller = try extensionCaller(exchange, call.entry)
        let values = try RequestQuery(query, allowed: call.entry.query)
        let refresh = try values.flag("refreshNow")
        do throws(AWSFault) {
            let request =
                try service == .parameterStore
                ? parameterRequest(values, caller) : secretRequest(call.rest, values, caller)
            front(exchange, call, answer, request, refresh: refresh)
        } catch {
            answer.write(error, to: exchange.reply)
            answered(exchange, call)
        }
    }

    /// The names of the query are put in the place of the members of the API's request, so that both are judged alike.
    private func parameterRequest(_ values: RequestQuery, _ caller: Caller) throws(AWSFault) -> FrontRequest {
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

    /// Of version and label the one that was sent first counts (Systems Manager User Guide, "Using Parameter Store
    /// parameters in AWS Lambda functions"). It is judged before it becomes a part of the name.
    private func selector(_ values: RequestQuery) throws(AWSFault) -> ParameterSelector? {
        guard let name = values.first(of: ["version", "label"]), let text = values[name] else { return nil }
        guard let selector = name == "version" ? ParameterSelector(version: text) : ParameterSelector(label: text)
        else {
            throw .validation(
                "\(name) must be \(name == "version" ? SecretSelectors.versionRule : SecretSelectors.labelRule)")
        }
        return selector
    }

    /// - Parameter path: the secret's id as the path has it, percent-encoded; empty where the query has it.
    private func secretRequest(
        _ path: UnsafeRawBufferPointer, _ values: RequestQuery, _ caller: Caller
    ) throws(AWSFault) -> FrontRequest {
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
        _ operation: FrontOperation, _ members: JSONObject, _ caller: Caller
    ) throws(AWSFault) -> FrontRequest {
        try FrontRequest(
            operation, body: JSON.object(members).bytes(), names: services.fronts.store.names, caller: caller.id)
    }

    /// Whose key a field of ``ExtensionToken`` holds, or without one `Authorization: Bearer`.
    func extensionCaller(_ exchange: RequestContext, _ entry: RouteTable.Entry) throws(Problem) -> Caller {
        guard let caller = tokenCaller(exchange) else {
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

    /// Whose key the request presents in any of the ways that the extension's routes know. The first field that is there
    /// decides alone: a wrong key in it is not mended by a right one elsewhere.
    func tokenCaller(_ exchange: RequestContext) -> Caller? {
        guard let token = ExtensionToken.field(of: exchange) else { return caller(exchange) }
        let caller = keys.caller(presenting: exchange.slice(token))
        if caller == nil { unknownCaller(exchange, .unknown) }
        callerID = caller?.id
        return caller
    }
}
