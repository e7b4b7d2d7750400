internal import LatchkeyCore
internal import LatchkeyHTTP

/// A request's query parameters. A parameter that the route does not know is an error, so that typing mistakes are
/// noticed.
package struct RequestQuery {
    /// Keys are compared as bytes, because hashing a String with a long run of combining marks is slow.
    private let values: [ExactText: String]
    /// The names in the order of the request.
    private let order: [ExactText]

    /// Parameters that name members of a blob or value, which may contain any character (RFC 8259 §7).
    private static let memberNames: Set<ExactText> = ["field", "keys"]

    init(_ bytes: UnsafeRawBufferPointer, allowed: Set<String>) throws(Problem) {
        guard let pairs = PercentEncoding.pairs(bytes, allowsZero: true) else { throw Self.unreadable }
        var values: [ExactText: String] = [:]
        order = pairs.map { ExactText($0.name) }
        for (name, value) in pairs {
            guard allowed.contains(where: { $0.hasSameBytes(as: name) }) else {
                let known = allowed.isEmpty ? "none" : allowed.sorted().joined(separator: ", ")
                throw Problem(
                    400, .unknownParameter, "unknown query parameter \(Self.shown(name)); known here: \(known)")
            }
            guard Self.memberNames.contains(ExactText(name)) || !value.utf8.contains(0) else { throw Self.unreadable }
            guard values.updateValue(value, forKey: ExactText(name)) == nil else {
                throw Problem(400, .badRequest, "query parameter \(name) is given twice")
            }
        }
        self.values = values
    }

    private static let unreadable = Problem(400, .badRequest, "the query is not percent-encoded text")

    subscript(name: String) -> String? { values[ExactText(name)] }

    /// The value of whichever name came first.
    func first(of names: Set<ExactText>) -> String? { order.first { names.contains($0) }?.text }

    /// `true` or `false`; absent is false.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch values[ExactText(name)] {
        case nil, "false": return false
        case "true": return true
        default: throw Problem(400, .badRequest, "\(name) must be true or false")
        }
    }

    /// Whole seconds from 0 to `maximum`; the default is 30 days.
    func seconds(_ name: String, upTo maximum: Int = 2_592_000) throws(Problem) -> Duration? {
        guard let text = values[ExactText(name)] else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), number <= maximum else {
            throw Problem(400, .badRequest, "\(name) must be whole seconds, 0 to \(maximum)")
        }
        return .seconds(number)
    }

    /// A caller's text, shortened and restricted to printable ASCII, so that it can be repeated in an error.
    package static func shown(_ name: String) -> String {
        let plain = name.unicodeScalars.filter { $0.isASCII && $0.value > 0x20 && $0.value < 0x7F && $0 != "\"" }
        return String(String.UnicodeScalarView(plain.prefix(40)))
    }
}
