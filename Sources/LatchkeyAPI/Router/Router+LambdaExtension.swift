internal import LatchkeyAWS
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension Router {
    /// `GET /systemsmanager/parameters/get` and `GET /secretsmanager/get` of the AWS Parameters and Secrets Lambda
    /// Extension, and `GET /v1/{secret id}` of the Secrets Manager Agent. Responses and errors have the format of the
    /// services' API.
    func awsExtension(
        _ request: inout APIRequest, _ query: RequestQuery, _ reply: consuming APIReply
    ) -> ReplyReceipt {
        let service: AWSReadService = request.entry.route == .extensionParameters ? .parameterStore : .secretsManager
        do throws(AWSProtocolError) {
            let refresh: Bool
            do throws(Problem) {
                refresh = try query.flag("refreshNow")
            } catch {
                throw AWSProtocolError(error)
            }
            let caller = callerID(request)
            let read =
                try service == .parameterStore
                ? parameterRequest(query, caller)
                : secretRequest(request.pathParameter, query, caller)
            if services.recorder.keepsNames { request.bodyNames = read.names }
            return answerRead(request, try permit(read, &request), service, refresh: refresh, reply)
        } catch {
            return AWSResponseWriter(service).write(refusal: error, to: reply)
        }
    }

    /// Maps the query parameters to the members of an API request, so that the same decoder checks both.
    private func parameterRequest(_ values: RequestQuery, _ caller: String) throws(AWSProtocolError) -> AWSReadRequest {
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
        _ path: UnsafeRawBufferPointer, _ values: RequestQuery, _ caller: String
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
        _ operation: AWSReadOperation, _ members: JSONObject, _ caller: String
    ) throws(AWSProtocolError) -> AWSReadRequest {
        try AWSReadRequest(operation, input: AWSInput(members), names: services.aws.store.names, caller: caller)
    }
}
