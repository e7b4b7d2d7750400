/// The body of a request that exports spans (OTLP 1.3, "JSON Protobuf Encoding": ids in hexadecimal, 64-bit integers as
/// strings, enumerations as numbers).
package enum SpanBatch {
    /// - Parameter service: the value of `service.name`.
    package static func body(_ spans: some Sequence<Span>, service: String) -> [UInt8] {
        let resource: JSON = [
            "attributes": attributes([
                ("service.name", .text(service)), ("service.version", .text(Version.number)),
                ("telemetry.sdk.name", .text("latchkey")), ("telemetry.sdk.language", .text("swift")),
            ])
        ]
        let scope: JSON = ["name": "latchkey", "version": .string(Version.number)]
        let document: JSON = [
            "resourceSpans": [
                ["resource": resource, "scopeSpans": [["scope": scope, "spans": .array(spans.map(json))]]]
            ]
        ]
        return Array(document.text.utf8)
    }

    private static func json(_ span: Span) -> JSON {
        var members: JSONObject = [
            "traceId": .string(span.context.traceText), "spanId": .string(span.context.spanText),
            "parentSpanId": .string(span.parent.spanText), "flags": .integer(Int64(span.context.flags)),
            "name": .string(span.name), "kind": .integer(span.kind.rawValue),
            "startTimeUnixNano": .string("\(span.start)"), "endTimeUnixNano": .string("\(span.end)"),
            "attributes": attributes(span.attributes),
        ]
        // STATUS_CODE_ERROR.
        if span.isError { members["status"] = ["code": 2] }
        return .object(members)
    }

    private static func attributes(_ attributes: [(name: String, value: Span.Value)]) -> JSON {
        .array(
            attributes.map { attribute in
                let value: JSON =
                    switch attribute.value {
                    case .text(let text): ["stringValue": .string(text)]
                    case .number(let number): ["intValue": .string("\(number)")]
                    }
                return ["key": .string(attribute.name), "value": value]
            })
    }
}
