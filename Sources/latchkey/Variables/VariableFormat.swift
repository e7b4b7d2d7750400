internal import LatchkeyCore
internal import LatchkeyCrypto

/// How `latchkey env` writes variables. Each format gives every value back unchanged to the programs it is for.
package enum VariableFormat: String, CaseIterable, Sendable {
    /// `NAME=value` lines for readers of `.env` files.
    case dotenv
    /// One object of strings.
    case json
    /// `export NAME='value'` lines for `eval` in a POSIX shell.
    case shell

    /// The variables in their order, a line end after the last.
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

    /// The names that the format cannot write. JSON writes any.
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

    /// Between single quotes every byte stands for itself, line ends too; a single quote closes them, comes escaped and
    /// opens them again (POSIX.1-2024, XCU 2.2.2).
    private static func shell(_ value: [UInt8]) -> [UInt8] {
        [single] + value.flatMap { $0 == single ? Array("'\\''".utf8) : [$0] } + [single]
    }

    /// `.env` has no standard, so each value is written in the plainest way that carries it, and so that as many
    /// readers as can agree on it do: bare; in single quotes; in double quotes where a single quote is in it and
    /// nothing that is special there. The rest is escaped as python-dotenv reads single quotes; there
    /// a backslash stands for itself unless a backslash, a quote or the end follows.
    private static func dotenv(_ value: [UInt8]) -> [UInt8] {
        if value.allSatisfy(isPlain) { return value }
        if !value.contains(single), !hasAmbiguousBackslash(value) { return [single] + value + [single] }
        if !value.contains(where: isSpecialInDouble) { return [double] + value + [double] }
        return [single] + value.flatMap { $0 == single || $0 == backslash ? [backslash, $0] : [$0] } + [single]
    }

    /// What no reader takes for anything but itself; no spaces, quotes, `#`, `$` or `=`.
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
