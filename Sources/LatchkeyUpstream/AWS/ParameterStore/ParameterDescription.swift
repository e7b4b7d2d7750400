/// A parameter without its value (DescribeParameters).
package struct ParameterDescription: Sendable {
    package var name: String
    package var tier: String?
    package var keyID: String?
}
