internal import LatchkeyCore
package import LatchkeyHTTP

/// What a signature of AWS covers, as parts of the bytes of a request.
///
/// It points into memory that it does not own, and must not be used after that is gone.
package struct SignableRequest {
    /// A field line. The value has no blanks at its ends.
    struct Field {
        var name: UnsafeRawBufferPointer
        var value: UnsafeRawBufferPointer
    }

    let method: UnsafeRawBufferPointer
    /// The target up to the first `?`, percent-encoded as it was sent.
    let path: UnsafeRawBufferPointer
    /// The target after the first `?`; empty if there is none.
    let query: UnsafeRawBufferPointer
    /// All field lines, in order.
    let fields: [Field]
    let body: UnsafeRawBufferPointer

    private init(
        method: UnsafeRawBufferPointer, target: UnsafeRawBufferPointer, fields: [Field], body: UnsafeRawBufferPointer
    ) {
        self.method = method
        let end = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
        path = UnsafeRawBufferPointer(rebasing: target[..<end])
        query = UnsafeRawBufferPointer(rebasing: target[min(end + 1, target.count)...])
        self.fields = fields
        self.body = body
    }

    /// A received request.
    package init(_ context: RequestContext) {
        var fields: [Field] = []
        fields.reserveCapacity(16)
        context.head.forEachField(in: context.bytes) { fields.append(Field(name: $0, value: $1)) }
        self.init(
            method: context.method, target: context.slice(context.head.target), fields: fields, body: context.body)
    }

    /// Calls `action` with the parts of `request`.
    package static func withParts<Value, Failure: Error>(
        of request: HTTPRequest, _ action: (SignableRequest) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var text: [UInt8] = []
        func append(_ part: String) -> Range<Int> {
            let start = text.count
            text.append(contentsOf: part.utf8)
            return start..<text.count
        }
        let (method, target) = (append(request.method), append(request.target))
        let lines = request.fields.lines.map { line in
            (
                append(line.name),
                append(String(decoding: ASCII.trimmingBlanks(Array(line.value.utf8)[...]), as: UTF8.self))
            )
        }
        let result = text.withUnsafeBytes { text in
            request.body.withUnsafeBytes { body in
                func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
                    UnsafeRawBufferPointer(rebasing: text[range])
                }
                let parts = SignableRequest(
                    method: slice(method), target: slice(target),
                    fields: lines.map { Field(name: slice($0.0), value: slice($0.1)) }, body: body)
                return Result { () throws(Failure) in try action(parts) }
            }
        }
        return try result.get()
    }

    /// The value of the first field line of that name; nil without one.
    ///
    /// - Parameter name: in lower case.
    func first(_ name: StaticString) -> UnsafeRawBufferPointer? {
        fields.first { Grammar.equals($0.name, folded: name) }?.value
    }

    /// The number of field lines of that name, which is in lower case.
    func count(_ name: StaticString) -> Int { fields.count { Grammar.equals($0.name, folded: name) } }
}
