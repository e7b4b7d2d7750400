internal import LatchkeyCore

/// Content negotiation by the `Accept` and `Accept-Encoding` fields (RFC 9110 §12.4.2, §12.5).
///
/// Fields are compared as bytes, in time linear in their length: the names in them are ASCII tokens, and any other text
/// matches none of them.
package enum Negotiation {
    /// Members of one field that are read; more are ignored.
    private static let maxMembers = 64
    /// Bytes of a weight that are read. RFC 9110 §12.4.2 allows five; a longer weight than this counts as 0.
    private static let maxWeightBytes = 32

    /// The weight in thousandths, 0 to 1000, that an `Accept` value gives to the media type `type/subtype`.
    ///
    /// The most specific range decides (RFC 9110 §12.5.1). An absent or empty field accepts everything.
    package static func weight(ofType type: String, in field: String?) -> Int {
        guard let field, !field.isEmpty else { return 1000 }
        let wanted = Array(type.lowercased().utf8)
        let all = Array(wanted.prefix { $0 != UInt8(ascii: "/") } + "/*".utf8)
        var best = (specificity: -1, weight: 0)
        for (range, weight) in members(of: field) {
            let specificity = range == wanted ? 2 : range == all ? 1 : range == Array("*/*".utf8) ? 0 : -1
            if specificity > best.specificity { best = (specificity, weight) }
        }
        return best.weight
    }

    /// Whether the caller prefers `text/plain` to JSON. JSON is the answer for no field, `*/*` and equal weights.
    ///
    /// - Parameter accept: the value of `Accept`; empty when the request has none.
    package static func prefersText(_ accept: UnsafeRawBufferPointer) -> Bool {
        // The values that most callers send need no parsing.
        if accept.isEmpty || Grammar.equals(accept, "*/*") || Grammar.equals(accept, "application/json") {
            return false
        }
        if Grammar.equals(accept, "text/plain") { return true }
        let field = String(decoding: accept, as: UTF8.self)
        return weight(ofType: "text/plain", in: field) > weight(ofType: "application/json", in: field)
    }

    /// Whether an `Accept-Encoding` value accepts gzip. An absent field means no here, although RFC 9110 §12.5.3 would
    /// allow any coding: a caller that does not ask for gzip may be unable to read it.
    package static func acceptsGzip(_ field: String?) -> Bool {
        guard let field else { return false }
        let weights = members(of: field)
        func weight(of coding: String) -> Int? { weights.last { $0.name == Array(coding.utf8) }?.weight }
        return (weight(of: "gzip") ?? weight(of: "x-gzip") ?? weight(of: "*") ?? 0) > 0
    }

    /// The members of a field, in lower case and without blanks, each with its weight.
    private static func members(of field: String) -> [(name: [UInt8], weight: Int)] {
        let members = field.utf8.split(separator: UInt8(ascii: ","), maxSplits: maxMembers).prefix(maxMembers)
        return members.map { member in
            let parts = member.split(separator: UInt8(ascii: ";")).map { part in
                part.filter { !ASCII.isBlank($0) }.map(ASCII.lowercased)
            }
            let quality = parts.dropFirst().first { $0.starts(with: "q=".utf8) }?.dropFirst(2)
            return (parts.first ?? [], quality.map(weight) ?? 1000)
        }
    }

    /// A weight in thousandths: `0.5` is 500. A malformed weight counts as 0, so that the member is not preferred.
    private static func weight(_ text: ArraySlice<UInt8>) -> Int {
        guard text.count <= maxWeightBytes, let value = Double(String(decoding: text, as: UTF8.self)), value >= 0,
            value <= 1
        else { return 0 }
        return Int(OutsideNumber.clamped((value * 1000).rounded(.down), to: 0...1000))
    }
}
