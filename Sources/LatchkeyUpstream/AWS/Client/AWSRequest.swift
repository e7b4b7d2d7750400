internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension AWSClient {
    /// What a call asks for.
    struct Message: Sendable {
        /// How the operation is named on the wire.
        enum Form: Sendable {
            /// In `X-Amz-Target`, as in `GetParameter` (AWS JSON 1.0 and 1.1).
            case target(String)
            /// By method and path, escaped already (AWS REST JSON 1).
            case rest(method: String, path: String)
            /// In a form (AWS query protocol), whose answer is XML with these elements.
            case query(elements: [String])
        }

        let form: Form
        /// The same for metrics.
        let operation: Operation
        let body: [UInt8]

        init(_ target: String, _ operation: Operation, _ body: JSON) {
            form = .target(target)
            self.operation = operation
            self.body = body.bytes()
        }

        /// A request of a query service: its parameters, none of which needs escaping.
        init(form parameters: [(String, String)], _ operation: Operation, elements: [String]) {
            form = .query(elements: elements)
            self.operation = operation
            body = Array(parameters.map { "\($0)=\($1)" }.joined(separator: "&").utf8)
        }

        /// A request of a REST service; nil for one without a body.
        init(method: String, path: String, _ operation: Operation, _ body: JSON?) {
            form = .rest(method: method, path: path)
            self.operation = operation
            self.body = body?.bytes() ?? []
        }
    }
}

extension AWSClient.Message {
    /// The request, unsigned.
    /// - Parameter base: the endpoint's path.
    func request(to service: AWSService, below base: String) -> HTTPRequest {
        switch form {
        case .target(let target):
            HTTPRequest(
                method: "POST", target: base,
                fields: ["Content-Type": service.contentType, "X-Amz-Target": "\(service.targetPrefix).\(target)"],
                body: body)
        case .query:
            HTTPRequest(method: "POST", target: base, fields: ["Content-Type": service.contentType], body: body)
        case .rest(let method, let path):
            HTTPRequest(
                method: method, target: base == "/" ? path : base + path,
                fields: body.isEmpty ? [:] : ["Content-Type": service.contentType], body: body)
        }
    }

    /// What a 200 says; nil where it is none of the service's.
    func answer(_ body: [UInt8]) -> JSON? {
        guard case .query(let elements) = form else {
            // Deleting answers with an empty object, and some services with nothing at all.
            let json = try? JSON(parsing: body.isEmpty ? Array("{}".utf8) : body)
            return json?.object == nil ? nil : json
        }
        let text = String(decoding: body, as: UTF8.self)
        let found = elements.compactMap { name in Self.element(name, in: text).map { (name, JSON.string($0)) } }
        return found.count == elements.count ? .object(JSONObject(found)) : nil
    }

    /// The text of an element that holds neither elements nor references, as those of numbers and ARNs do.
    private static func element(_ name: String, in text: String) -> String? {
        guard let start = text.firstRange(of: "<\(name)>")?.upperBound,
            let end = text[start...].firstIndex(of: "<"), text[end...].hasPrefix("</\(name)>"),
            !text[start..<end].contains("&")
        else { return nil }
        return String(text[start..<end])
    }
}
