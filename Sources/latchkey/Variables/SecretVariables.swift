package import LatchkeyCore
package import LatchkeyCrypto

/// One field of the blob as an environment variable.
package struct SecretVariable: Sendable {
    /// A name as shells have it: letters, digits and `_`, not beginning with a digit. Or that of a function of bash's,
    /// `BASH_FUNC_name%%`, where it was asked for by name.
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
        /// An escape in the name is half of a surrogate pair: it has no UTF-8 form.
        case nameNotUTF8
        /// The same of the value.
        case valueNotUTF8
        /// The environment could carry the name, but no shell can say it (POSIX.1-2024, XBD 3.216).
        case notAName
        /// A loader, shell or interpreter runs code that a variable of this name leads to (``CodeVariables``).
        case runsCode

        /// Whether the others are variables without it.
        var maySkip: Bool { self == .notAName || self == .runsCode || self == .nameNotUTF8 }

        package var description: String {
            switch self {
            case .impossibleName: "no variable can have this name: it is empty, or holds = or a zero byte"
            case .zeroByte: "its value holds a zero byte, which no variable can"
            case .nameNotUTF8: "its name has half of a surrogate pair, which is no text"
            case .valueNotUTF8: "its value has half of a surrogate pair, which is no text"
            case .notAName: "not a variable's name: letters, digits and _, not beginning with a digit"
            case .runsCode: "a program can be made to run code by a variable of this name; --only takes it all the same"
            }
        }
    }

    /// Why there are no variables. Names fields, never a value.
    package enum Refusal: Error, Hashable, Sendable {
        /// With the reader's error where the blob is not JSON at all.
        case notAnObject(JSONError?)
        /// Names that were asked for and are no fields.
        case absent([String])
        /// Fields that cannot be variables, by name.
        case unusable([String: Flaw])
    }

    package let variables: [SecretVariable]
    /// Fields that were left out because of their names, and why.
    package let leftOut: [String: Flaw]

    /// - Parameters:
    ///   - blob: the text of a JSON object. Of two fields with one name the last counts.
    ///   - only: the fields wanted; nil for all of them. A name that is no field is refused.
    ///   - isStrict: refuse what would be left out. What was asked for by name is never left out: it is taken, or
    ///     refused where it can be no variable.
    package init(blob: [UInt8], only: Set<String>? = nil, isStrict: Bool = false) throws(Refusal) {
        var leftOut: [String: Flaw] = [:]
        var unusable: [String: Flaw] = [:]
        let fields = try Self.fields(of: blob) { name in
            guard only == nil else { return }
            if isStrict { unusable[name] = .nameNotUTF8 } else { leftOut[name] = .nameNotUTF8 }
        }
        let wanted = only.map { Set($0.map { ExactText($0) }) }
        let absent = (wanted ?? []).subtracting(fields.keys)
        guard absent.isEmpty else { throw .absent(absent.sorted().map(\.text)) }
        var variables: [SecretVariable] = []
        for (key, value) in fields where wanted?.contains(key) ?? true {
            let name = key.text
            let text = value.kind == .string ? value.stringBytes : Array(value.source)
            switch Self.flaw(name, text, isNamed: only != nil) {
            case nil: variables.append(SecretVariable(name: name, value: Secret(text ?? [])))
            case let flaw? where flaw.maySkip && only == nil && !isStrict: leftOut[name] = flaw
            case let flaw?: unusable[name] = flaw
            }
        }
        guard unusable.isEmpty else { throw .unusable(unusable) }
        self.variables = variables.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        self.leftOut = leftOut
    }

    /// The fields by name.
    /// - Parameter nameless: told of each field whose name has no UTF-8 form, as near as it can be shown.
    private static func fields(
        of blob: [UInt8], nameless: (String) -> Void
    ) throws(Refusal) -> [ExactText: JSONValue] {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(blob, limits: .document)
        } catch {
            throw .notAnObject(error)
        }
        guard let members = document.root.members else { throw .notAnObject(nil) }
        var fields: [ExactText: JSONValue] = [:]
        for (name, value) in members {
            if let text = name.string {
                fields[ExactText(text)] = value
            } else {
                nameless(String(decoding: name.source.dropFirst().dropLast(), as: UTF8.self))
            }
        }
        return fields
    }

    /// What keeps a field from being a variable. Bytes are looked at and not characters: a mark and what is combined
    /// with it are one character, and the environment knows none.
    ///
    /// - Parameters:
    ///   - value: nil for a string without a UTF-8 form.
    ///   - isNamed: `--only` names the field.
    private static func flaw(_ name: String, _ value: [UInt8]?, isNamed: Bool) -> Flaw? {
        if name.isEmpty || name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") }) { return .impossibleName }
        if CodeVariables.contains(name), !isNamed { return .runsCode }
        guard isName(name) || CodeVariables.isShellFunction(name) else { return .notAName }
        guard let value else { return .valueNotUTF8 }
        return value.contains(0) ? .zeroByte : nil
    }

    /// Whether a shell can say the name (POSIX.1-2024, XBD 3.216).
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}
