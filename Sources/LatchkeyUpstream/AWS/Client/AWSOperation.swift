internal import LatchkeyMetrics

/// An operation of an AWS service.
struct AWSOperation: Sendable {
    let service: AWSService
    /// The name in the service's API reference, such as `GetParameter`.
    let name: String
    /// The label in metrics.
    let metric: Operation

    private init(_ service: AWSService, _ name: String, _ metric: Operation) {
        self.service = service
        self.name = name
        self.metric = metric
    }

    // MARK: Parameter Store

    static let getParameter = Self(.parameterStore, "GetParameter", .getParameter)
    static let getParameters = Self(.parameterStore, "GetParameters", .getParameters)
    static let getParametersByPath = Self(.parameterStore, "GetParametersByPath", .getParametersByPath)
    static let describeParameters = Self(.parameterStore, "DescribeParameters", .describeParameters)
    static let putParameter = Self(.parameterStore, "PutParameter", .putParameter)
    static let deleteParameter = Self(.parameterStore, "DeleteParameter", .deleteParameter)
    static let deleteParameters = Self(.parameterStore, "DeleteParameters", .deleteParameters)
    static let addTagsToResource = Self(.parameterStore, "AddTagsToResource", .addTags)
    static let listTagsForResource = Self(.parameterStore, "ListTagsForResource", .other)

    // MARK: Secrets Manager

    static let getSecretValue = Self(.secretsManager, "GetSecretValue", .getSecretValue)
    static let describeSecret = Self(.secretsManager, "DescribeSecret", .describeSecret)
    static let listSecrets = Self(.secretsManager, "ListSecrets", .listSecrets)
    static let getResourcePolicy = Self(.secretsManager, "GetResourcePolicy", .other)
    static let createSecret = Self(.secretsManager, "CreateSecret", .createSecret)
    static let putSecretValue = Self(.secretsManager, "PutSecretValue", .putSecretValue)
    static let deleteSecret = Self(.secretsManager, "DeleteSecret", .deleteSecret)
    static let restoreSecret = Self(.secretsManager, "RestoreSecret", .restoreSecret)

    // MARK: Other services

    static let getItem = Self(.dynamodb, "GetItem", .getItem)
    static let updateItem = Self(.dynamodb, "UpdateItem", .updateItem)
    static let getFunctionConfiguration = Self(.lambda, "GetFunctionConfiguration", .getFunctionConfiguration)
    static let updateFunctionConfiguration = Self(.lambda, "UpdateFunctionConfiguration", .updateFunctionConfiguration)
    static let getCallerIdentity = Self(.sts, "GetCallerIdentity", .getCallerIdentity)
}
