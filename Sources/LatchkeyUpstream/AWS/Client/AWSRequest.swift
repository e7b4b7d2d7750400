internal import LatchkeyCore
internal import LatchkeyHTTP

/// The unsigned request of a call, and how its response is read.
struct AWSRequest: Sendable {
    private enum Form: Sendable {
        /// `X-Amz-Target` names the operation (AWS JSON 1.0 and 1.1).
        case target
        /// Method and path name the operation (AWS REST JSON 1). The path is percent-encoded.
        case rest(method: String, path: String)
        /// The form names the operation (AWS query protocol). The result consists of these XML elements.
        case query(elements: [String])
    }

    let operation: AWSOperation
    private let form: Form
    private let body: [UInt8]

    /// A request of a JSON service.
    init(_ operation: AWSOperation, _ body: JSON) {
        self.operation = operation
        form = .target
        self.body = body.bytes()
    }

    /// A request of a REST service.
    /// - Parameters:
    ///   - path: percent-encoded.
    ///   - body: nil for a request without a body.
    init(rest operation: AWSOperation, method: String, path: String, body: JSON?) {
        self.operation = operation
        form = .rest(method: method, path: path)
        self.body = body?.bytes() ?? []
    }

    /// A request of STS without parameters.
    /// - Parameter elements: the elements of the result to read.
    init(query operation: AWSOperation, elements: [String]) {
        self.operation = operation
        form = .query(elements: elements)
        body = Array(
            PercentEncoding.form([("Action", operation.name), ("Version", AWSService.stsVersion)]).utf8)
    }

    /// The request without a signature.
    func request(to endpoint: AWSEndpoint) -> HTTPRequest {
        let service = operation.service
        switch form {
        case .target:
            return HTTPRequest(
                method: "POST", target: endpoint.path,
                fields: [
                    "Content-Type": service.contentType, "X-Amz-Target": "\(service.targetPrefix).\(operation.name)",
                ],
                body: body)
        case .query:
            return HTTPRequest(
                method: "POST", target: endpoint.path, fields: ["Content-Type": service.contentType], body: body)
        case .rest(let method, let path):
            return HTTPRequest(
                method: method, target: endpoint.target(path),
                fields: body.isEmpty ? [:] : ["Content-Type": service.contentType], body: body)
        }
    }

    /// The result in the body of a response with status 200; nil if the body does not follow the protocol.
    func result(_ body: [UInt8]) -> JSON? {
        guard case .query(let elements) = form else {
            // Deletions return an empty object, or nothing at all.
            let json = try? JSON(parsing: body.isEmpty ? Array("{}".utf8) : body)
            return json?.object == nil ? nil : json
        }
        guard let response = try? XMLLeaves(body) else { return nil }
        let path = "\(operation.name)Response/\(operation.name)Result/"
        let found = elements.compactMap { name in response["\(path)\(name)"].map { (name, JSON.string($0)) } }
        return found.count == elements.count ? .object(JSONObject(found)) : nil
    }
}
