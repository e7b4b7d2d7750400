package import LatchkeyCore
package import LatchkeyCrypto
internal import LatchkeyMetrics

/// One parameter as Parameter Store has it.
package struct Parameter: Sendable {
    /// How a value is kept.
    package enum Kind: String, CaseIterable, Sendable {
        case string = "String"
        case stringList = "StringList"
        case secureString = "SecureString"
    }

    package var name: String
    package var kind: Kind
    package var value: Secret
    package var version: Int64
    package var lastModified: WallTime?
    /// The service's own members, without the value.
    package var attributes: JSON = [:]
}

/// AWS Systems Manager Parameter Store.
package struct ParameterStore: Sendable {
    /// Names in one GetParameters or DeleteParameters call (its API reference).
    package static let batch = 10
    /// Pages read of one path: at ten parameters a page more than the standard tier holds.
    static let maxPages = 1000

    let client: AWSClient
    private let reads: ParameterReads

    package init(_ client: AWSClient) {
        self.client = client
        reads = ParameterReads(client)
    }

    /// What the last answer shows of its clock.
    package var clock: ClockBounds { client.clock }

    /// One parameter. `name` may end in `:version` or `:label`; not decrypted, a SecureString comes as it is stored.
    package func get(
        _ name: String, isDecrypted: Bool = true, deadline: MonotonicTime
    ) async throws(AWSError) -> Parameter {
        if isDecrypted, !name.utf8.contains(UInt8(ascii: ":")) {
            guard let found = try await reads.get([name], deadline: deadline).found[ExactText(name)] else {
                throw Self.notFound
            }
            return found
        }
        let answer = try await client.call(
            .parameterStore, "GetParameter", .getParameter,
            ["Name": .string(name), "WithDecryption": .bool(isDecrypted)],
            deadline: deadline)
        return try Parameter(answer["Parameter"])
    }

    /// Several at once, in tens, by name alone. A name that does not exist is no error: it stands in `missing`.
    package func get(
        _ names: [String], deadline: MonotonicTime
    ) async throws(AWSError) -> (parameters: [Parameter], missing: [String]) {
        var parameters: [Parameter] = []
        var missing: [String] = []
        for start in stride(from: 0, to: names.count, by: Self.batch) {
            let some = Array(names[start..<min(start + Self.batch, names.count)])
            let answer = try await reads.get(some, deadline: deadline)
            parameters += some.compactMap { answer.found[ExactText($0)] }
            missing += some.filter { answer.missing.contains(ExactText($0)) }
        }
        return (parameters, missing)
    }

    private static let notFound = AWSError(.notFound, code: "ParameterNotFound")

    /// Every parameter below a path, decrypted. A page may be empty and not be the last.
    package func list(
        path: String, recursive: Bool, deadline: MonotonicTime
    ) async throws(AWSError) -> [Parameter] {
        var parameters: [Parameter] = []
        for entry in try await entries(path: path, recursive: recursive, deadline: deadline) {
            parameters.append(try Parameter(entry))
        }
        return parameters
    }

    /// ``list(path:recursive:deadline:)`` in the service's own words, its `Parameters`.
    package func entries(
        path: String, recursive: Bool = true, isDecrypted: Bool = true, deadline: MonotonicTime
    ) async throws(AWSError) -> [JSON] {
        var entries: [JSON] = []
        var pages = ListPages(limit: Self.maxPages)
        while true {
            var body: JSONObject = [
                "Path": .string(path), "Recursive": .bool(recursive), "WithDecryption": .bool(isDecrypted),
                "MaxResults": 10,
            ]
            body["NextToken"] = pages.token.map { .string($0) }
            let answer = try await client.call(
                .parameterStore, "GetParametersByPath", .getParametersByPath, .object(body), deadline: deadline)
            entries += answer["Parameters"]?.array ?? []
            guard try pages.advance(answer["NextToken"]) else { return entries }
        }
    }

    /// Writes a parameter.
    /// - Parameters:
    ///   - overwrite: without it a name that is taken is ``AWSError/Kind/alreadyExists``.
    ///   - isRetried: false where a write that was perhaps done must not be done again.
    /// - Returns: the version written.
    @discardableResult
    package func put(
        _ name: String, value: Secret, kind: Parameter.Kind, overwrite: Bool, isRetried: Bool = true,
        deadline: MonotonicTime
    ) async throws(AWSError) -> Int64 {
        let write = ParameterWrite(name: name, value: value, kind: kind, overwrites: overwrite)
        return try await self.write(write, isRetried: isRetried, deadline: deadline)
    }

    /// Writes a parameter with everything that may go along.
    /// - Parameter isRetried: true where a write that was perhaps done may be done again.
    /// - Returns: the version written.
    @discardableResult
    package func write(
        _ write: ParameterWrite, isRetried: Bool = false, deadline: MonotonicTime
    ) async throws(AWSError) -> Int64 {
        guard let body = write.body else {
            throw AWSError(.invalidRequest, hint: "Parameter Store keeps text: the value is not UTF-8")
        }
        let answer = try await client.call(
            .parameterStore, "PutParameter", .putParameter, body, isRetried: isRetried, deadline: deadline)
        guard let version = OutsideNumber.version(answer["Version"]?.integer) else { throw AWSError(.invalidAnswer) }
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
}

extension Parameter {
    /// A `Parameter` of the service's answers.
    init(_ json: JSON?) throws(AWSError) {
        guard let name = json?["Name"]?.string, let value = json?["Value"]?.string,
            let type = json?["Type"]?.string,
            let kind = Kind.allCases.first(where: { $0.rawValue.hasSameBytes(as: type) })
        else { throw AWSError(.invalidAnswer) }
        self.init(
            name: name, kind: kind, value: Secret(value),
            version: OutsideNumber.version(json?["Version"]?.integer) ?? 0,
            // Epoch seconds with a fraction, perhaps in exponent notation.
            lastModified: OutsideNumber.date(seconds: json?["LastModifiedDate"]?.double),
            attributes: .object((json?.object ?? [:]).filter { $0.key != "Value" }))
    }
}
