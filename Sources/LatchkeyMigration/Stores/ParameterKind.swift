/// The type of a parameter (PutParameter, `Type`).
package enum ParameterKind: String, Hashable, Sendable, CaseIterable {
    case string = "String"
    case stringList = "StringList"
    case secureString = "SecureString"
}
