/// An operation of an upstream.
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
