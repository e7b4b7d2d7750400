/// The types of parameter (PutParameter, `Type`).
enum ParameterType: String {
    case string = "String"
    case stringList = "StringList"
    case secureString = "SecureString"
}
