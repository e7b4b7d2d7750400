/// A service outside the process.
package enum Upstream: Int, Label {
    case parameterStore, secretsManager, sts, auth0, oauth2, dynamodb, credentials, lambda

    package var label: String {
        switch self {
        case .parameterStore: "parameter_store"
        case .secretsManager: "secrets_manager"
        case .sts: "sts"
        case .auth0: "auth0"
        case .oauth2: "oauth2"
        case .dynamodb: "dynamodb"
        case .credentials: "credentials"
        case .lambda: "lambda"
        }
    }

    /// The spelling that HTTP bodies use (`parameter-store`).
    package var name: String { label.replacing("_", with: "-") }
}

/// What an upstream was asked to do.
package enum Operation: Int, Label {
    // Parameter Store
    case getParameter, getParameters, getParametersByPath, getParameterHistory, describeParameters
    case putParameter, deleteParameter, deleteParameters, addTags
    // Secrets Manager
    case getSecretValue, batchGetSecretValue, describeSecret, listSecrets, putSecretValue, createSecret
    case deleteSecret, restoreSecret
    // STS
    case getCallerIdentity, assumeRole, assumeRoleWithWebIdentity
    // Issuers
    case issueToken, fetchKeys
    // DynamoDB
    case getItem, putItem, updateItem, deleteItem
    // Lambda
    case getFunctionConfiguration, updateFunctionConfiguration
    // Credential sources other than STS
    case instanceMetadata, containerCredentials, singleSignOn, process
    case other

    package var label: String {
        switch self {
        case .getParameter: "get_parameter"
        case .getParameters: "get_parameters"
        case .getParametersByPath: "get_parameters_by_path"
        case .getParameterHistory: "get_parameter_history"
        case .describeParameters: "describe_parameters"
        case .putParameter: "put_parameter"
        case .deleteParameter: "delete_parameter"
        case .deleteParameters: "delete_parameters"
        case .addTags: "add_tags"
        case .getSecretValue: "get_secret_value"
        case .batchGetSecretValue: "batch_get_secret_value"
        case .describeSecret: "describe_secret"
        case .listSecrets: "list_secrets"
        case .putSecretValue: "put_secret_value"
        case .createSecret: "create_secret"
        case .deleteSecret: "delete_secret"
        case .restoreSecret: "restore_secret"
        case .getCallerIdentity: "get_caller_identity"
        case .assumeRole: "assume_role"
        case .assumeRoleWithWebIdentity: "assume_role_with_web_identity"
        case .issueToken: "issue_token"
        case .fetchKeys: "fetch_keys"
        case .getItem: "get_item"
        case .putItem: "put_item"
        case .updateItem: "update_item"
        case .deleteItem: "delete_item"
        case .getFunctionConfiguration: "get_function_configuration"
        case .updateFunctionConfiguration: "update_function_configuration"
        case .instanceMetadata: "instance_metadata"
        case .containerCredentials: "container_credentials"
        case .singleSignOn: "single_sign_on"
        case .process: "process"
        case .other: "other"
        }
    }
}

/// How one attempt at an upstream ended.
package enum UpstreamOutcome: Int, Label {
    case success, notFound, denied, throttled, expiredCredentials, noCredentials, invalidRequest, invalidAnswer
    case unavailable, timedOut, transport

    package var label: String {
        switch self {
        case .success: "success"
        case .notFound: "not_found"
        case .denied: "denied"
        case .throttled: "throttled"
        case .expiredCredentials: "expired_credentials"
        case .noCredentials: "no_credentials"
        case .invalidRequest: "invalid_request"
        case .invalidAnswer: "invalid_answer"
        case .unavailable: "unavailable"
        case .timedOut: "timed_out"
        case .transport: "transport"
        }
    }
}
