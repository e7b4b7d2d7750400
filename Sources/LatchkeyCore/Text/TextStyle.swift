/// How a piece of text looks on a terminal, if colour is on.
package enum TextStyle: Hashable, Sendable {
    case plain, strong, faint, good, warning, bad, bar

    /// The parameters of SGR (ECMA-48 §8.3.117), of the colours that every terminal has; nil for plain text.
    private var code: String? {
        switch self {
        case .plain: nil
        case .strong: "1"
        case .faint: "2"
        case .good: "32"
        case .warning: "33"
        case .bad: "31"
        case .bar: "7"
        }
    }

    /// The text between the escape sequences of this style. Plain and empty text has none.
    package func applied(to text: String) -> String {
        guard let code, !text.isEmpty else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
