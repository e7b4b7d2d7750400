internal import LatchkeyCore

/// What a caller would rather have (RFC 9110 §12.4.2, §12.5).
package enum Negotiation {
    /// The weight `field` (an `Accept` value) gives to the media type `type/subtype`, 0…1000; the most specific range
    /// counts. An absent or empty field accepts everything.
    package static func weight(ofType type: String, in field: String?) -> Int {
        guard let field, !field.isEmpty else { return 1000 }
        let major = type.prefix { $0 != "/" }
        var best = (specificity: -1, weight: 0)
        for (range, weight) in members(of: field) {
            let specificity =
                range == type.lowercased() ? 2 : range == "\(major)/*" ? 1 : range == "*/*" ? 0 : -1
            if specificity > best.specificity { best = (specificity, weight) }
        }
        return best.weight
    }

    /// Whether `field` (an `Accept-Encoding` value) accepts gzip. Unlike types, an absent field asks for none here.
    package static func acceptsGzip(_ field: String?) -> Bool {
        guard let field else { return false }
        var weights: [String: Int] = [:]
        for (coding, weight) in members(of: field) { weights[coding] = weight }
        return (weights["gzip"] ?? weights["x-gzip"] ?? weights["*"] ?? 0) > 0
    }

    private static func members(of field: String) -> [(name: String, weight: Int)] {
        field.lowercased().split(separator: ",").prefix(64).map { member in
            let parts = member.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
            return (String(parts.first ?? ""), quality.map(weight) ?? 1000)
        }
    }

    /// `0.5` as 500; what is no qvalue counts as 0: a preference nobody can read is not one for us.
    private static func weight(_ text: Substring) -> Int {
        guard let value = Double(text), value >= 0, value <= 1 else { return 0 }
        return Int(OutsideNumber.clamped((value * 1000).rounded(.down), to: 0...1000))
    }
}
