/// The trace that a request belongs to, and the caller's span in it (W3C Trace Context).
package struct TraceContext: Hashable, Sendable {
    /// The trace of the request that the current task works for. Upstream calls of background work have none.
    @TaskLocal package static var current: TraceContext?

    /// 16 bytes.
    package let traceID: [UInt8]
    /// 8 bytes.
    package let spanID: [UInt8]
    /// The flags that version 00 defines: 1 if the caller records the trace.
    package let flags: UInt8

    /// The length of a value of version 00.
    private static let length = 55

    /// Reads the value of `traceparent` (W3C Trace Context §3.2). Nil if it must be ignored.
    ///
    /// A later version than 00 may have more fields, which are ignored (§4.3).
    package init?(_ value: some Collection<UInt8>) {
        let bytes = Array(value.prefix(Self.length + 1))
        guard bytes.count >= Self.length, [2, 35, 52].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }),
            let version = Self.decode(bytes[0..<2])?.first, version != 0xFF,
            bytes.count == Self.length || version > 0 && bytes[Self.length] == UInt8(ascii: "-"),
            let traceID = Self.decode(bytes[3..<35]), let spanID = Self.decode(bytes[36..<52]),
            let flags = Self.decode(bytes[53..<55])?.first, traceID.contains(where: { $0 != 0 }),
            spanID.contains(where: { $0 != 0 })
        else { return nil }
        (self.traceID, self.spanID, self.flags) = (traceID, spanID, flags & 1)
    }

    private init(traceID: [UInt8], spanID: [UInt8], flags: UInt8) {
        (self.traceID, self.spanID, self.flags) = (traceID, spanID, flags)
    }

    /// The same trace with a new random span: that of one call to an upstream.
    package func child() -> TraceContext {
        // 0 is no span.
        let number = UInt64.random(in: 1 ... .max)
        return TraceContext(
            traceID: traceID, spanID: (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }, flags: flags)
    }

    /// The value of `traceparent`, in version 00.
    package var header: String { "00-\(traceText)-\(Hex.encode(spanID))-\(Hex.encode([flags]))" }

    /// The trace's id as 32 lower-case hexadecimal digits.
    package var traceText: String { Hex.encode(traceID) }

    /// The span's id as 16 lower-case hexadecimal digits.
    package var spanText: String { Hex.encode(spanID) }

    /// Whether the caller records the trace (§3.2.2.5).
    package var isSampled: Bool { flags & 1 == 1 }

    /// Lower-case hexadecimal digits only (§3.2.2).
    private static func decode(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
        guard digits.allSatisfy({ ASCII.isDigit($0) || (0x61...0x66).contains($0) }) else { return nil }
        return Hex.decode(String(decoding: digits, as: UTF8.self))
    }
}
