package import LatchkeyAWS
package import LatchkeyBroker

extension AWSFault {
    /// What the broker could not do, as the service itself would say it, so that SDKs raise the same exception and try
    /// again what is worth it: throttling and server errors they do, the rest not.
    package init(_ fault: UpstreamFault, service: FrontService) {
        let detail = Problem(fault, what: service == .parameterStore ? "parameter" : "secret").detail
        switch (fault.reason, service) {
        case (.notFound, .parameterStore) where fault.code == "ParameterVersionNotFound":
            self.init(
                "ParameterVersionNotFound",
                "Systems Manager could not find that version or label. Verify the version and try again.")
        case (.notFound, .parameterStore): self.init("ParameterNotFound")
        case (.notFound, .secretsManager):
            self.init("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        case (.denied, _): self.init("AccessDeniedException", detail)
        case (.throttled, _), (.overloaded, _): self.init("ThrottlingException", detail)
        case (.invalid, .secretsManager) where fault.code == "InvalidRequestException":
            self.init(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.")
        case (.unavailable, .parameterStore), (.timedOut, .parameterStore), (.invalid, .parameterStore),
            (.notReady, .parameterStore):
            self.init("InternalServerError", detail, status: 500)
        case (.unavailable, .secretsManager), (.timedOut, .secretsManager), (.invalid, .secretsManager),
            (.notReady, .secretsManager):
            self.init("InternalServiceError", detail, status: 500)
        }
    }

    /// What the server or the route table refuses, said to an SDK: the same status.
    init(_ problem: Problem) {
        let type =
            switch problem.code {
            case .overloaded: "ServiceUnavailableException"
            case .internal: "InternalFailure"
            case .unauthorized: "UnrecognizedClientException"
            case .forbidden: "AccessDeniedException"
            case .methodNotAllowed, .notFound: "UnknownOperationException"
            default: "ValidationException"
            }
        self.init(type, problem.detail, status: problem.status)
    }
}
