internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Endpoints {
    /// `GET /systemsmanager/parameters/get` and `GET /secretsmanager/get`, as the AWS Parameters and Secrets Lambda
    /// Extension and the Secrets Manager agent have them. Answers and errors are those of the services' API.
    func awsExtension(_ exchange: Exchange, _ call: Call, _ query: UnsafeRawBufferPointer) throws(Problem) {
        let service: FrontService = call.entry.route == .extensionParameters ? .parameterStore : .secretsManager
        let answer = FrontAnswer(service: service, id: ids.text(exchange.slice(exchange.head.requestID)))
        let caller = try extensionCaller(exchange, call.entry)
        let values = try RequestQuery(query, allowed: call.entry.query)
        let refresh = try values.flag("refreshNow")
        do throws(AWSFault) {
            let request =
                try service == .parameterStore
                ? parameterRequest(values, caller) : secretRequest(values, caller)
            front(exchange, call, answer, request, refresh: refresh)
        } catch {
            answer.write(error, to: exchange.reply)
            answered(exchange, call)
        }
    }

    /// The names of the query are put in the place of the members of the API's request, so that both are judged alike.
    private func parameterRequest(_ values: RequestQuery, _ caller: Caller) throws(AWSFault) -> FrontRequest {
        guard values["version"] == nil || values["label"] == nil else {
            throw .validation("version and label are given: one of them at the most")
        }
        let selector = (values["version"] ?? values["label"]).map { ":\($0)" } ?? ""
        var members: JSONObject = [:]
        members["Name"] = values["name"].map { .string($0 + selector) }
        switch values["withDecryption"] {
        case nil, "false": break
        case "true": members["WithDecryption"] = true
        default: throw .validation("withDecryption must be true or false")
        }
        return try request(.getParameter, members, caller)
    }

    private func secretRequest(_ values: RequestQuery, _ caller: Caller) throws(AWSFault) -> FrontRequest {
        var members: JSONObject = [:]
        for (name, member) in [
            ("secretId", "SecretId"), ("versionId", "VersionId"), ("versionStage", "VersionStage"),
        ] {
            members[member] = values[name].map { .string($0) }
        }
        return try request(.getSecretValue, members, caller)
    }

    private func request(
        _ operation: FrontOperation, _ members: JSONObject, _ caller: Caller
    ) throws(AWSFault) -> FrontRequest {
        try FrontRequest(
            operation, body: JSON.object(members).bytes(), names: services.fronts.store.names, caller: caller.id)
    }

    /// Whose key `X-Aws-Parameters-Secrets-Token` holds, or without that field `Authorization: Bearer`.
    func extensionCaller(_ exchange: Exchange, _ entry: RouteTable.Entry) throws(Problem) -> Caller {
        let token = exchange.head.field("x-aws-parameters-secrets-token", in: exchange.bytes)
        var found: Caller?
        if token.isPresent {
            found = keys.caller(presenting: exchange.slice(token))
            if found == nil { unknownCaller(exchange, .unknown) }
            callerID = found?.id
        } else {
            found = caller(exchange)
        }
        guard let caller = found else {
            throw Problem(401, .unauthorized, "a valid key is needed in x-aws-parameters-secrets-token")
        }
        guard case .token(let scope) = entry.access, caller.scopes.isSuperset(of: scope) else {
            services.metrics.authFailure(.scope)
            throw Problem(403, .forbidden, "this key does not open secrets")
        }
        return caller
    }
}
