/// How a piece of text looks, if colour is on.
package enum TopStyle: Hashable, Sendable {
    case plain, strong, faint, good, warning, bad, bar

    /// The parameters of SGR (ECMA-48 §8.3.117), of the colours that every terminal has; nil for plain text.
    var code: String? {
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
}
