package import LatchkeyCore
package import LatchkeyCrypto

/// One field of the blob as an environment variable.
package struct SecretVariable: Sendable {
    /// A name as shells have it: letters, digits and `_`, not beginning with a digit.
    package let name: String
    /// UTF-8 without NUL.
    package let value: Secret

    package init(name: String, value: Secret) {
        self.name = name
        self.value = value
    }
}

/// The fields of the blob `<prefix>/secrets` as environment variables, in the order of their names' bytes.
///
/// A string becomes a variable's value as it is; a number, `true`, `false` or `null`, an array or an object becomes its
/// JSON text, as `GET /secrets/{key}` gives it.
package struct SecretVariables: Sendable {
    /// Why a field can be no variable.
    package enum Flaw: Hashable, Sendable, CustomStringConvertible {
        /// The environment is a list of `NAME=value` strings that end in NUL (POSIX.1-2024, XBD 8.1): a name that is
        /// empty or holds `=` or NUL cannot stand in it.
        case impossibleName
        /// Nor can a value that holds NUL.
        case zeroByte
        /// The environment could carry the name, but no shell can say it (POSIX.1-2024, XBD 3.216).
        case notAName

        package var description: String {
            switch self {
            case .impossibleName: "no variable can have this name: it is empty, or holds = or a zero byte"
            case .zeroByte: "its value holds a zero byte, which no variable can"
            case .notAName: "not a variable's name: letters, digits and _, not beginning with a digit"
            }
        }
    }

    /// Why there are no variables. Names fields, never a value.
    package enum Refusal: Error, Hashable, Sendable {
        case notAnObject
        /// Names that were asked for and are no fields.
        case absent([String])
        /// Fields that cannot be variables, by name.
        case unusable([String: Flaw])
    }

    package let variables: [SecretVariable]
    /// Fields that were left out because of their names.
    package let leftOut: [String]

    /// - Parameters:
    ///   - blob: a JSON object.
    ///   - only: the fields wanted; nil for all of them. A name that is no field is refused.
    ///   - isStrict: refuse what would be left out. What was asked for by name is never left out.
    package init(blob: JSON, only: Set<String>? = nil, isStrict: Bool = false) throws(Refusal) {
        guard let fields = blob.object else { throw .notAnObject }
        let absent = (only ?? []).subtracting(fields.keys)
        guard absent.isEmpty else { throw .absent(absent.sorted()) }
        var variables: [SecretVariable] = []
        var leftOut: [String] = []
        var unusable: [String: Flaw] = [:]
        for (name, value) in fields where only?.contains(name) ?? true {
            let text = value.string ?? value.text
            switch Self.flaw(name, text) {
            case nil: variables.append(SecretVariable(name: name, value: Secret(text)))
            case .notAName where only == nil && !isStrict: leftOut.append(name)
            case let flaw?: unusable[name] = flaw
            }
        }
        guard unusable.isEmpty else { throw .unusable(unusable) }
        self.variables = variables.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        self.leftOut = leftOut.sorted()
    }

    /// What keeps a field from being a variable. Bytes are looked at and not characters: a mark and what is combined
    /// with it are one character, and the environment knows none.
    private static func flaw(_ name: String, _ value: String) -> Flaw? {
        if name.isEmpty || name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") }) { return .impossibleName }
        if value.utf8.contains(0) { return .zeroByte }
        return isName(name) ? nil : .notAName
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}
