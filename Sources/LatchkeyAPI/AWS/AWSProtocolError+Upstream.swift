package import LatchkeyAWS
package import LatchkeyBroker

extension AWSProtocolError {
    /// The error that the service itself would send for `fault`, so that SDKs raise the same exception. SDKs retry
    /// throttling and server errors and nothing else.
    package init(_ fault: UpstreamFault, service: AWSReadService) {
        let detail = Problem(fault, what: service == .parameterStore ? "parameter" : "secret").detail
        switch fault.reason {
        case .notFound: self = Self.notFound(fault, service)
        case .denied: self.init(service.own(fault.code) ?? "AccessDeniedException", detail)
        case .refused: self.init(service.own(fault.code) ?? "ValidationException", detail)
        case .throttled, .budgetSpent, .overloaded: self.init("ThrottlingException", detail)
        case .unavailable, .timedOut, .invalid, .notReady: self.init(service.failure, detail, status: 500)
        }
    }

    private static func notFound(_ fault: UpstreamFault, _ service: AWSReadService) -> AWSProtocolError {
        switch (service, fault.code) {
        case (.parameterStore, "ParameterVersionNotFound"):
            AWSProtocolError(
                "ParameterVersionNotFound",
                "Systems Manager could not find that version or label. Verify the version and try again.")
        case (.parameterStore, _): AWSProtocolError("ParameterNotFound")
        case (.secretsManager, AWSProtocolError.invalidState):
            AWSProtocolError(
                AWSProtocolError.invalidState,
                "You can't perform this operation on the secret because it was marked for deletion.")
        case (.secretsManager, _):
            AWSProtocolError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        }
    }

    /// The error for what the server or the route table refuses, with the same status.
    package init(_ problem: Problem) {
        let type =
            switch problem.code {
            case .overloaded, .auditUnavailable: "ServiceUnavailableException"
            case .internal: "InternalFailure"
            case .unauthorized: "UnrecognizedClientException"
            case .forbidden: "AccessDeniedException"
            case .methodNotAllowed, .notFound: "UnknownOperationException"
            default: "ValidationException"
            }
        self.init(type, problem.detail, status: problem.status)
    }
}

extension AWSReadService {
    /// The service's code for its own failure. SDKs retry it.
    fileprivate var failure: String {
        switch self {
        case .parameterStore: "InternalServerError"
        case .secretsManager: "InternalServiceError"
        }
    }

    /// `code` where it is about the request, and not about the broker's own credentials: the errors of GetParameter and
    /// GetSecretValue in their API references, all of status 400.
    fileprivate func own(_ code: String?) -> String? {
        let known: Set<String> =
            switch self {
            case .parameterStore: ["InvalidKeyId", "ValidationException"]
            case .secretsManager:
                [
                    "DecryptionFailure", "InvalidParameterException", AWSProtocolError.invalidState,
                    "ValidationException",
                ]
            }
        return code.flatMap { known.contains($0) ? $0 : nil }
    }
}
