package import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeyMetrics

/// One parameter as Parameter Store has it.
package struct Parameter: Sendable {
    /// How a value is kept.
    package enum Kind: String, Sendable {
        case string = "String"
        case stringList = "StringList"
        case secureString = "SecureString"
    }

    package var name: String
    package var kind: Kind
    package var value: Secret
    package var version: Int64
    package var lastModified: WallTime?
}

/// AWS Systems Manager Parameter Store.
package struct ParameterStore: Sendable {
    /// Names in one GetParameters or DeleteParameters call (its API reference).
    package static let batch = 10
    /// Pages read of one path: at ten parameters a page more than the standard tier holds.
    private static let maxPages = 1000

    private let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// One parameter, decrypted. `name` may end in `:version` or `:label`.
    package func get(_ name: String, deadline: MonotonicTime) async throws(AWSError) -> Parameter {
        let answer = try await client.call(
            .parameterStore, "GetParameter", .getParameter, ["Name": .string(name), "WithDecryption": true],
            deadline: deadline)
        return try Self.parameter(answer["Parameter"])
    }

    /// Several at once, in tens. A name that does not exist is no error: it stands in `missing`.
    package func get(
        _ names: [String], deadline: MonotonicTime
    ) async throws(AWSError) -> (parameters: [Parameter], missing: [String]) {
        var parameters: [Parameter] = []
        var missing: [String] = []
        for start in stride(from: 0, to: names.count, by: Self.batch) {
            let some = names[start..<min(start + Self.batch, names.count)].map { JSON.string($0) }
            let answer = try await client.call(
                .parameterStore, "GetParameters", .getParameters, ["Names": .array(some), "WithDecryption": true],
                deadline: deadline)
            for entry in answer["Parameters"]?.array ?? [] { parameters.append(try Self.parameter(entry)) }
            missing += (answer["InvalidParameters"]?.array ?? []).compactMap(\.string)
        }
        return (parameters, missing)
    }

    /// Every parameter below a path, decrypted. A page may be empty and not be the last.
    package func list(
        path: String, recursive: Bool, deadline: MonotonicTime
    ) async throws(AWSError) -> [Parameter] {
        var parameters: [Parameter] = []
        var token: String?
        for _ in 0..<Self.maxPages {
            var body: [String: JSON] = [
                "Path": .string(path), "Recursive": .bool(recursive), "WithDecryption": true, "MaxResults": 10,
            ]
            if let token { body["NextToken"] = .string(token) }
            let answer = try await client.call(
                .parameterStore, "GetParametersByPath", .getParametersByPath, .object(body), deadline: deadline)
            for entry in answer["Parameters"]?.array ?? [] { parameters.append(try Self.parameter(entry)) }
            token = answer["NextToken"]?.string
            if token == nil { return parameters }
        }
        throw AWSError(.invalidAnswer, hint: "the list of parameters does not end")
    }

    /// Writes a parameter.
    /// - Parameter overwrite: without it a name that is taken is ``AWSError/Kind/alreadyExists``.
    /// - Returns: the version written.
    @discardableResult
    package func put(
        _ name: String, value: Secret, kind: Parameter.Kind, overwrite: Bool, deadline: MonotonicTime
    ) async throws(AWSError) -> Int64 {
        guard let text = value.revealText() else {
            throw AWSError(.invalidRequest, hint: "Parameter Store keeps text: the value is not UTF-8")
        }
        let answer = try await client.call(
            .parameterStore, "PutParameter", .putParameter,
            [
                "Name": .string(name), "Value": .string(text), "Type": .string(kind.rawValue),
                "Overwrite": .bool(overwrite),
            ], deadline: deadline)
        guard let version = answer["Version"]?.integer else { throw AWSError(.invalidAnswer) }
        return version
    }

    /// Deletes one parameter.
    package func delete(_ name: String, deadline: MonotonicTime) async throws(AWSError) {
        _ = try await client.call(
            .parameterStore, "DeleteParameter", .deleteParameter, ["Name": .string(name)], deadline: deadline)
    }

    /// Deletes several, in tens.
    /// - Returns: the names that did not exist.
    package func delete(_ names: [String], deadline: MonotonicTime) async throws(AWSError) -> [String] {
        var missing: [String] = []
        for start in stride(from: 0, to: names.count, by: Self.batch) {
            let some = names[start..<min(start + Self.batch, names.count)].map { JSON.string($0) }
            let answer = try await client.call(
                .parameterStore, "DeleteParameters", .deleteParameters, ["Names": .array(some)], deadline: deadline)
            missing += (answer["InvalidParameters"]?.array ?? []).compactMap(\.string)
        }
        return missing
    }

    private static func parameter(_ json: JSON?) throws(AWSError) -> Parameter {
        guard let name = json?["Name"]?.string, let value = json?["Value"]?.string,
            let kind = (json?["Type"]?.string).flatMap({ Parameter.Kind(rawValue: $0) })
        else { throw AWSError(.invalidAnswer) }
        // Epoch seconds with a fraction, perhaps in exponent notation.
        let modified = json?["LastModifiedDate"]?.double.flatMap { Int64(exactly: ($0 * 1000).rounded()) }
        return Parameter(
            name: name, kind: kind, value: Secret(value), version: json?["Version"]?.integer ?? 0,
            lastModified: modified.map { WallTime(milliseconds: $0) })
    }
}
