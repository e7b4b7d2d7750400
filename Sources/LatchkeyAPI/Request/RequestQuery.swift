internal import LatchkeyCore
internal import LatchkeyHTTP

/// A request's query parameters. A parameter that the route does not know is an error, so that typing mistakes are
/// noticed.
package struct RequestQuery {
    /// In the order of the request, each name once. A route knows few names, so they are not hashed.
    private let pairs: [(name: String, value: String)]

    init(_ bytes: UnsafeRawBufferPointer, allowed: Set<String>) throws(Problem) {
        guard let pairs = PercentEncoding.pairs(bytes, allowsZero: true) else { throw Self.unreadable }
        for (index, (name, value)) in pairs.enumerated() {
            guard allowed.contains(where: { $0.hasSameBytes(as: name) }) else {
                let known = allowed.isEmpty ? "none" : allowed.sorted().joined(separator: ", ")
                throw Problem(
                    400, .unknownParameter, "unknown query parameter \(Self.shown(name)); known here: \(known)")
            }
            guard Self.mayHoldZero(name) || !value.utf8.contains(0) else { throw Self.unreadable }
            // Ends at the first repeated name, and so after as many comparisons as the route has names.
            guard !pairs[..<index].contains(where: { $0.name.hasSameBytes(as: name) }) else {
                throw Problem(400, .badRequest, "query parameter \(name) is given twice")
            }
        }
        self.pairs = pairs
    }

    /// Whether the parameter names members of a blob or value, which may contain any character (RFC 8259 §7).
    private static func mayHoldZero(_ name: String) -> Bool {
        name.hasSameBytes(as: "field") || name.hasSameBytes(as: "keys")
    }

    private static let unreadable = Problem(400, .badRequest, "the query is not percent-encoded text")

    subscript(name: String) -> String? { pairs.first { $0.name.hasSameBytes(as: name) }?.value }

    /// Of these names the one that came first in the request.
    func first(of names: [String]) -> String? {
        pairs.first { pair in names.contains { pair.name.hasSameBytes(as: $0) } }?.name
    }

    /// `true` or `false`; absent is false.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch self[name] {
        case nil, "false": return false
        case "true": return true
        default: throw Problem(400, .badRequest, "\(name) must be true or false")
        }
    }

    /// The longest lifetime of a token, in seconds.
    static let maxTokenSeconds = AccessTokenLimits.maxLifetimeDays * 86_400

    /// Whole seconds from 0 to `maximum`.
    func seconds(_ name: String, upTo maximum: Int = maxTokenSeconds) throws(Problem) -> Duration? {
        guard let text = self[name] else { return nil }
        guard text.utf8.allSatisfy({ ASCII.isDigit($0) }), let number = Int(text), number <= maximum else {
            throw Problem(400, .badRequest, "\(name) must be whole seconds, 0 to \(maximum)")
        }
        return .seconds(number)
    }

    /// A caller's text, shortened and restricted to printable ASCII, so that it can be repeated in an error.
    package static func shown(_ name: String) -> String {
        let plain = name.utf8.lazy.filter { ASCII.isVisible($0) && $0 != UInt8(ascii: "\"") }
        return String(decoding: Array(plain.prefix(40)), as: UTF8.self)
    }
}
