package import LatchkeyCore
package import LatchkeyCrypto

/// One field of the blob as an environment variable.
package struct SecretVariable: Sendable {
    /// A name that shells accept: letters, digits and `_`, not beginning with a digit. Or the name of a bash function,
    /// `BASH_FUNC_name%%`, if `--only` names it.
    package let name: String
    /// UTF-8 without NUL.
    package let value: Secret

    package init(name: String, value: Secret) {
        self.name = name
        self.value = value
    }
}

/// The fields of the blob `<prefix>/secrets` as environment variables, ordered by the bytes of their names.
///
/// A string is used unchanged. A number, `true`, `false`, `null`, array or object becomes its JSON text, as in `GET
/// /secrets/{key}`.
package struct SecretVariables: Sendable {
    /// Why a field cannot be a variable.
    package enum Flaw: Hashable, Sendable, CustomStringConvertible {
        /// The environment consists of `NAME=value` strings that end in NUL (POSIX.1-2024, XBD 8.1), so an empty name,
        /// `=` and NUL are impossible.
        case impossibleName
        /// A value cannot contain NUL either.
        case zeroByte
        /// The name has half of a surrogate pair as an escape, and so no UTF-8 form.
        case nameNotUTF8
        /// The same for the value.
        case valueNotUTF8
        /// The environment could hold the name, but shells cannot use it (POSIX.1-2024, XBD 3.216).
        case notAName
        /// A loader, shell or interpreter runs code that this variable names (``CodeVariables``).
        case runsCode

        /// Whether the field may be omitted.
        var maySkip: Bool { self == .notAName || self == .runsCode || self == .nameNotUTF8 }

        package var description: String {
            switch self {
            case .impossibleName: "no variable can have this name: it is empty, or holds = or a zero byte"
            case .zeroByte: "its value holds a zero byte, which no variable can"
            case .nameNotUTF8: "its name has half of a surrogate pair, which is not valid text"
            case .valueNotUTF8: "its value has half of a surrogate pair, which is not valid text"
            case .notAName: "not a variable's name: letters, digits and _, not beginning with a digit"
            case .runsCode: "a program can be made to run code by a variable of this name; --only takes it all the same"
            }
        }
    }

    /// Why there are no variables. Contains names of fields, never values.
    package enum Refusal: Error, Hashable, Sendable {
        /// Has the reader's error if the blob is not JSON.
        case notAnObject(JSONError?)
        /// Requested names that are not fields.
        case absent([String])
        /// Fields that cannot be variables, by name.
        case unusable([String: Flaw])
    }

    package let variables: [SecretVariable]
    /// Omitted fields and the reasons.
    package let leftOut: [String: Flaw]

    /// - Parameters:
    ///   - blob: the text of a JSON object. If a name is repeated, the last field counts.
    ///   - only: the requested fields; nil for all. An unknown name is an error.
    ///   - isStrict: whether to throw instead of omitting fields. A requested field is never omitted: it is used, or an
    ///     error if it cannot be a variable.
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
    /// - Parameter nameless: called with each field whose name has no UTF-8 form, as close as it can be shown.
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

    /// Why a field cannot be a variable. Works on bytes, because a combining mark would hide the character before it.
    ///
    /// - Parameters:
    ///   - value: nil for a string without a UTF-8 form.
    ///   - isNamed: whether `--only` names the field.
    private static func flaw(_ name: String, _ value: [UInt8]?, isNamed: Bool) -> Flaw? {
        if name.isEmpty || name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") }) { return .impossibleName }
        if CodeVariables.contains(name), !isNamed { return .runsCode }
        guard isName(name) || CodeVariables.isShellFunction(name) else { return .notAName }
        guard let value else { return .valueNotUTF8 }
        return value.contains(0) ? .zeroByte : nil
    }

    /// Whether shells accept the name (POSIX.1-2024, XBD 3.216).
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !ASCII.isDigit(first) else { return false }
        return text.utf8.allSatisfy { ASCII.isLetterOrDigit($0) || $0 == UInt8(ascii: "_") }
    }
}
