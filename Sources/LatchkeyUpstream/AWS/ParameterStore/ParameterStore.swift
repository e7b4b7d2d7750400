package import LatchkeyCore
package import LatchkeyCrypto

/// AWS Systems Manager Parameter Store.
package struct ParameterStore: Sendable {
    /// Names in one GetParameters or DeleteParameters request (API Reference).
    package static let batch = 10
    /// Parameters in one page of GetParametersByPath (API Reference, `MaxResults`).
    private static let pageSize = 10
    /// Pages of one listing. With ten parameters a page this is as many as the standard tier holds.
    static let maxPages = 1000

    let client: AWSClient
    private let reader: ParameterBatchReader

    package init(_ client: AWSClient) {
        self.client = client
        reader = ParameterBatchReader(client)
    }

    /// The bounds of the difference to AWS's clock that the last response gives.
    package var clock: ClockBounds { client.clock }

    // MARK: Reads

    /// Reads one parameter.
    /// - Parameters:
    ///   - name: may end in `:version` or `:label`.
    ///   - isDecrypted: if false, a SecureString is returned encrypted.
    package func get(
        _ name: String, isDecrypted: Bool = true, deadline: MonotonicTime
    ) async throws(AWSError) -> Parameter {
        if isDecrypted, !name.utf8.contains(UInt8(ascii: ":")) {
            guard let found = try await reader.get([name], deadline: deadline).found[ExactText(name)] else {
                throw AWSError(.notFound, code: "ParameterNotFound")
            }
            return found
        }
        let response = try await client.call(
            .getParameter, ["Name": .string(name), "WithDecryption": .bool(isDecrypted)], deadline: deadline)
        return try Parameter(response["Parameter"])
    }

    /// Reads several parameters, ``batch`` in each request.
    /// - Parameter names: without version or label.
    /// - Returns: the parameters, and the names that do not exist.
    package func get(
        _ names: [String], deadline: MonotonicTime
    ) async throws(AWSError) -> (parameters: [Parameter], missing: [String]) {
        var parameters: [Parameter] = []
        var missing: [String] = []
        for names in Self.batches(of: names, size: Self.batch) {
            let response = try await reader.get(names, deadline: deadline)
            parameters += names.compactMap { response.found[ExactText($0)] }
            missing += names.filter { response.missing.contains(ExactText($0)) }
        }
        return (parameters, missing)
    }

    /// Every parameter below a path, decrypted.
    package func list(
        path: String, recursive: Bool, deadline: MonotonicTime
    ) async throws(AWSError) -> [Parameter] {
        var parameters: [Parameter] = []
        for entry in try await entries(path: path, recursive: recursive, deadline: deadline) {
            parameters.append(try Parameter(entry))
        }
        return parameters
    }

    /// Every parameter below a path as the `Parameters` of the service's responses. A page may be empty without being
    /// the last one.
    package func entries(
        path: String, recursive: Bool = true, isDecrypted: Bool = true, deadline: MonotonicTime
    ) async throws(AWSError) -> [JSON] {
        var entries: [JSON] = []
        var pages = Pagination(maxPages: Self.maxPages)
        while true {
            var body: JSONObject = [
                "Path": .string(path), "Recursive": .bool(recursive), "WithDecryption": .bool(isDecrypted),
                "MaxResults": .integer(Int64(Self.pageSize)),
            ]
            body["NextToken"] = pages.token.map { .string($0) }
            let response = try await client.call(.getParametersByPath, .object(body), deadline: deadline)
            entries += response["Parameters"]?.array ?? []
            guard try pages.advance(response["NextToken"]) else { return entries }
        }
    }

    // MARK: Writes

    /// Writes a parameter.
    /// - Parameters:
    ///   - overwrite: if false and the name is taken, the write fails with ``AWSError/Kind/alreadyExists``.
    ///   - isRetried: false if a write that may have been carried out must not be repeated.
    /// - Returns: the version written.
    @discardableResult
    package func put(
        _ name: String, value: Secret, kind: Parameter.Kind, overwrite: Bool, isRetried: Bool = true,
        deadline: MonotonicTime
    ) async throws(AWSError) -> Int64 {
        let write = ParameterWrite(name: name, value: value, kind: kind, overwrites: overwrite)
        return try await self.write(write, isRetried: isRetried, deadline: deadline)
    }

    /// Writes a parameter with all of its attributes.
    /// - Parameter isRetried: true if a write that may have been carried out may be repeated.
    /// - Returns: the version written.
    @discardableResult
    package func write(
        _ write: ParameterWrite, isRetried: Bool = false, deadline: MonotonicTime
    ) async throws(AWSError) -> Int64 {
        guard let body = write.body else {
            throw AWSError(.invalidRequest, hint: "the value is not UTF-8, and Parameter Store keeps only text")
        }
        let response = try await client.call(.putParameter, body, isRetried: isRetried, deadline: deadline)
        guard let version = OutsideNumber.version(response["Version"]?.integer) else { throw AWSError(.invalidAnswer) }
        return version
    }

    /// Deletes one parameter.
    package func delete(_ name: String, deadline: MonotonicTime) async throws(AWSError) {
        _ = try await client.call(.deleteParameter, ["Name": .string(name)], deadline: deadline)
    }

    /// Deletes several parameters, ``batch`` in each request.
    /// - Returns: the names that did not exist.
    package func delete(_ names: [String], deadline: MonotonicTime) async throws(AWSError) -> [String] {
        var missing: [String] = []
        for names in Self.batches(of: names, size: Self.batch) {
            let response = try await client.call(
                .deleteParameters, ["Names": .array(names.map { .string($0) })], deadline: deadline)
            missing += (response["InvalidParameters"]?.array ?? []).compactMap(\.string)
        }
        return missing
    }

    /// The names in groups of up to `size`, in their order.
    static func batches(of names: [String], size: Int) -> [[String]] {
        stride(from: 0, to: names.count, by: size).map { Array(names[$0..<min($0 + size, names.count)]) }
    }
}
