/// One operation of a trace: a request of a caller, or a call to an upstream (OpenTelemetry, Trace API, "Span").
///
/// It holds no name of a secret and no value.
package struct Span: Sendable {
    /// The side of the operation; the raw value is that of OTLP (`SpanKind` of trace.proto).
    package enum Kind: Int64, Sendable {
        case server = 2
        case client = 3
    }

    /// The value of an attribute.
    package enum Value: Hashable, Sendable {
        case text(String)
        case number(Int64)
    }

    /// The trace, and the id of this span.
    package let context: TraceContext
    /// The span that this one is a part of.
    package let parent: TraceContext
    package let kind: Kind
    package let name: String
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    package let start: Int64
    package let end: Int64
    /// Names of OpenTelemetry's semantic conventions, and their values.
    package let attributes: [(name: String, value: Value)]
    package let isError: Bool

    /// - Parameters:
    ///   - started: when the operation started.
    ///   - ended: the time now. The wall clock has milliseconds; the length is exact.
    package init(
        _ context: TraceContext, in parent: TraceContext, _ kind: Kind, _ name: String, from started: MonotonicTime,
        to ended: Now, attributes: [(name: String, value: Value)], isError: Bool
    ) {
        (self.context, self.parent, self.kind, self.name) = (context, parent, kind, name)
        (self.attributes, self.isError) = (attributes, isError)
        let length = max(0, (ended.monotonic - started).clampedNanoseconds)
        end = ended.wall.milliseconds.multipliedReportingOverflow(by: 1_000_000).partialValue
        start = end.subtractingReportingOverflow(length).partialValue
    }
}
