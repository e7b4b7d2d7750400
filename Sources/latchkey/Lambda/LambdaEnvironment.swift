internal import LatchkeyAPI

/// The broker's settings from the environment of a Lambda extension.
package struct LambdaEnvironment: Sendable {
    /// The address of the Extensions API, such as `127.0.0.1:9001`.
    package let host: String
    package let port: UInt16
    /// Environment for ``Settings``.
    package let broker: [String: String]
    /// The broker's addresses: both loopback addresses. AWS's examples use `localhost`, and clients differ in which
    /// address they try first.
    package let listen: String

    /// What is missing or malformed, in lower case.
    package struct Problem: Error, Hashable, Sendable {
        package let message: String
    }

    /// The port of AWS's own extension ("Using Parameter Store parameters in AWS Lambda functions").
    package static let defaultPort: UInt16 = 2773

    /// - Parameter environment: the process's environment. An empty variable counts as unset: Lambda sets
    ///   `AWS_ACCESS_KEY_ID` and others to an empty text if the function's credentials come another way.
    package init(_ environment: [String: String]) throws(Problem) {
        var broker = environment.filter { !($0.key.hasPrefix("AWS_") && $0.value.isEmpty) }
        guard let api = broker["AWS_LAMBDA_RUNTIME_API"], let colon = api.lastIndex(of: ":"),
            let port = UInt16(api[api.index(after: colon)...]), colon > api.startIndex
        else {
            throw Problem(message: "AWS_LAMBDA_RUNTIME_API is not host:port: this runs as an extension of AWS Lambda")
        }
        host = String(api[..<colon])
        self.port = port
        let name = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"
        let given = broker[name].flatMap { $0.isEmpty ? nil : $0 }
        guard let own = given.map({ UInt16($0) }) ?? Self.defaultPort, own > 0 else {
            throw Problem(message: "\(name) is not a port, 1 to 65535")
        }
        listen = "localhost:\(own)"
        // Functions authenticate to AWS's extension with this token.
        if let token = broker["AWS_SESSION_TOKEN"] { broker["LATCHKEY_API_KEY"] = token }
        // A function has at most a few cores, often a fraction of one.
        if (broker["LATCHKEY_WORKERS"] ?? "").isEmpty { broker["LATCHKEY_WORKERS"] = "1" }
        self.broker = broker
    }
}
