internal import LatchkeyCore
internal import LatchkeyCrypto

/// The output formats of `latchkey env`. Each format preserves every value.
package enum VariableFormat: String, CaseIterable, Sendable {
    /// `NAME=value` lines for readers of `.env` files.
    case dotenv
    /// One object of strings.
    case json
    /// `export NAME='value'` lines for `eval` in a POSIX shell.
    case shell

    /// The variables in their order, each line with a line end.
    package func render(_ variables: [SecretVariable]) -> [UInt8] {
        switch self {
        case .dotenv:
            Self.lines(variables) { Array($0.name.utf8) + [Self.equals] + Self.dotenv($0.value.reveal()) }
        case .json:
            JSON.object(
                JSONObject(
                    variables.map { ($0.name, .string($0.value.revealText() ?? "")) })
            ).bytes() + [Self.lineEnd]
        case .shell:
            Self.lines(variables) {
                Array("export \($0.name)".utf8) + [Self.equals] + Self.shell($0.value.reveal())
            }
        }
    }

    /// The names that the format cannot express. JSON can express any.
    package func unsupported(_ variables: [SecretVariable]) -> [String] {
        self == .json ? [] : variables.map(\.name).filter { !SecretVariables.isName($0) }
    }

    private static let equals = UInt8(ascii: "=")
    private static let lineEnd = UInt8(ascii: "\n")
    private static let single = UInt8(ascii: "'")
    private static let double = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private static func lines(_ variables: [SecretVariable], _ line: (SecretVariable) -> [UInt8]) -> [UInt8] {
        variables.flatMap { line($0) + [lineEnd] }
    }

    /// Between single quotes every byte is literal, including line ends. A single quote ends the quoting, is escaped
    /// and starts it again (POSIX.1-2024, XCU 2.2.2).
    private static func shell(_ value: [UInt8]) -> [UInt8] {
        [single] + value.flatMap { $0 == single ? Array("'\\''".utf8) : [$0] } + [single]
    }

    /// `.env` has no standard, so each value has the simplest form that preserves it and that most readers agree on:
    /// bare; in single quotes; in double quotes if it has a single quote and nothing that is special there. Otherwise
    /// it is escaped as python-dotenv reads single quotes: a backslash is literal unless a backslash, a quote or the
    /// end follows.
    private static func dotenv(_ value: [UInt8]) -> [UInt8] {
        if value.allSatisfy(isPlain) { return value }
        if !value.contains(single), !hasAmbiguousBackslash(value) { return [single] + value + [single] }
        if !value.contains(where: isSpecialInDouble) { return [double] + value + [double] }
        return [single] + value.flatMap { $0 == single || $0 == backslash ? [backslash, $0] : [$0] } + [single]
    }

    /// Bytes that every reader takes literally: no spaces, quotes, `#`, `$` or `=`.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"): true
        case UInt8(ascii: "@"), UInt8(ascii: "%"), UInt8(ascii: "+"), UInt8(ascii: ","): true
        default: false
        }
    }

    private static func hasAmbiguousBackslash(_ value: [UInt8]) -> Bool {
        value.last == backslash || zip(value, value.dropFirst()).contains { $0 == backslash && $1 == backslash }
    }

    private static func isSpecialInDouble(_ byte: UInt8) -> Bool {
        [double, backslash, UInt8(ascii: "$"), UInt8(ascii: "`")].contains(byte)
    }
}
