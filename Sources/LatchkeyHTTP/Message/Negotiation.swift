internal import LatchkeyCore

/// What a caller would rather have (RFC 9110 §12.4.2, §12.5). Fields are read as bytes, in time linear in their length:
/// names in them are ASCII tokens, and whatever else a caller sends matches none.
package enum Negotiation {
    /// The most members of one field that are looked at.
    private static let maxMembers = 64
    /// The longest qvalue that is read, in bytes. RFC 9110 §12.4.2 has five at the most.
    private static let maxWeightBytes = 32

    /// The weight `field` (an `Accept` value) gives to the media type `type/subtype`, 0…1000; the most specific range
    /// counts. An absent or empty field accepts everything.
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

    /// Whether a caller would rather have `text/plain` than JSON. No field, `*/*` and equal weights mean JSON.
    ///
    /// - Parameter accept: the value of `Accept`; empty where it did not come.
    package static func prefersText(_ accept: UnsafeRawBufferPointer) -> Bool {
        // What most callers send is known without reading it.
        if accept.isEmpty || Grammar.equals(accept, "*/*") || Grammar.equals(accept, "application/json") {
            return false
        }
        let field = String(decoding: accept, as: UTF8.self)
        return weight(ofType: "text/plain", in: field) > weight(ofType: "application/json", in: field)
    }

    /// Whether `field` (an `Accept-Encoding` value) accepts gzip. Unlike types, an absent field asks for none here.
    package static func acceptsGzip(_ field: String?) -> Bool {
        guard let field else { return false }
        let weights = members(of: field)
        func weight(of coding: String) -> Int? { weights.last { $0.name == Array(coding.utf8) }?.weight }
        return (weight(of: "gzip") ?? weight(of: "x-gzip") ?? weight(of: "*") ?? 0) > 0
    }

    /// The members of a field, in lower case and without blanks.
    private static func members(of field: String) -> [(name: [UInt8], weight: Int)] {
        let members = field.utf8.split(separator: UInt8(ascii: ","), maxSplits: maxMembers).prefix(maxMembers)
        return members.map { member in
            let parts = member.split(separator: UInt8(ascii: ";")).map { part in
                part.filter { $0 != 0x20 && $0 != 0x09 }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            }
            let quality = parts.dropFirst().first { $0.starts(with: "q=".utf8) }?.dropFirst(2)
            return (parts.first ?? [], quality.map(weight) ?? 1000)
        }
    }

    /// `0.5` as 500; what is no qvalue counts as 0: a preference nobody can read is not one for us.
    private static func weight(_ text: ArraySlice<UInt8>) -> Int {
        guard text.count <= maxWeightBytes, let value = Double(String(decoding: text, as: UTF8.self)), value >= 0,
            value <= 1
        else { return 0 }
        return Int(OutsideNumber.clamped((value * 1000).rounded(.down), to: 0...1000))
    }
}
