internal import LatchkeyCore
internal import LatchkeyCrypto

/// The value that `put` writes, and the rules for it.
enum PutValue {
    /// Maximum size of any value in bytes.
    static let maxBytes = ParameterTier.advanced.maxValueBytes

    /// Reads `file` or standard input, without one line end at the end.
    ///
    /// - Parameter tier: the requested tier, for the error about a value that is too long.
    static func read(_ file: String?, tier: ParameterTierChoice?) throws -> Secret {
        // The line end that is removed may be CR LF.
        let limit = maxBytes + 2
        let bytes = if let file { try content(file, limit: limit) } else { try input(limit: limit) }
        guard let bytes else { throw tooLong("more than \(maxBytes)", tier) }
        let value = FileReader.withoutLineEnd(bytes)
        if value.isEmpty {
            throw CommandFailure(.usage, "the value is empty: give it on standard input or with --file")
        }
        guard String(validating: value, as: UTF8.self) != nil else {
            throw CommandFailure(.usage, "the value is not UTF-8, and Parameter Store stores only text")
        }
        return Secret(value)
    }

    private static func content(_ path: String, limit: Int) throws -> [UInt8]? {
        do throws(FileError) {
            let bytes = try SmallFile.content(path)
            return bytes.count > limit ? nil : bytes
        } catch {
            if case .tooLarge = error { return nil }
            throw CommandFailure(.usage, "cannot read \(path): \(error)")
        }
    }

    private static func input(limit: Int) throws -> [UInt8]? {
        if StandardInput.isTerminal { Terminal.printError("reading the value from the terminal; end with ctrl-d") }
        return try StandardInput.read(limit: limit)
    }

    /// Throws if the value is larger than its tier allows. The limit counts bytes of UTF-8, not characters.
    ///
    /// - Parameters:
    ///   - tier: the requested tier.
    ///   - existing: the parameter's current tier, which it keeps if no tier is requested.
    static func requireFit(_ value: Secret, tier: ParameterTierChoice?, existing: ParameterTier? = nil) throws {
        let limit = tier?.maxValueBytes ?? (existing ?? .standard).maxValueBytes
        guard value.count > limit else { return }
        throw tooLong("\(value.count)", tier)
    }

    private static func tooLong(_ bytes: String, _ tier: ParameterTierChoice?) -> CommandFailure {
        let (standard, advanced) = (ParameterTier.standard.maxValueBytes, ParameterTier.advanced.maxValueBytes)
        guard (tier ?? .standard) == .standard else {
            return CommandFailure(
                .usage, "the value has \(bytes) bytes, and a parameter holds at most \(advanced): split it")
        }
        return CommandFailure(
            .usage,
            "the value has \(bytes) bytes, and a parameter of the standard tier holds \(standard): "
                + "use --tier advanced, which holds \(advanced) and costs money")
    }

    /// Throws if the blob is not a JSON object, because brokers could not read its fields.
    static func requireObject(_ value: Secret) throws {
        var why = "not a JSON object"
        do throws(JSONError) {
            if try JSONDocument(value.reveal(), limits: .document).root.kind == .object { return }
        } catch {
            why = "\(error)"
        }
        throw CommandFailure(
            .usage,
            "the value is \(why). brokers read their secrets as fields of this parameter, so it must be a JSON object; "
                + "--force writes it anyway")
    }
}
