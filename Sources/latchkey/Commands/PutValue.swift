internal import LatchkeyCore
internal import LatchkeyCrypto

/// The value that `put` writes, and what may be written.
enum PutValue {
    /// The most bytes of any value.
    static let longest = ParameterTier.advanced.maxValueBytes

    /// The bytes of `file`, or of standard input, without one line end at their end.
    ///
    /// - Parameter tier: the tier that was asked for; for what is said of a value that is too long.
    static func read(_ file: String?, tier: ParameterTierChoice?) throws -> Secret {
        // The line end that is left out may be CR LF.
        let limit = longest + 2
        let bytes = if let file { try content(file, limit: limit) } else { try input(limit: limit) }
        guard let bytes else { throw tooLong("more than \(longest)", tier) }
        let value = FileReader.withoutLineEnd(bytes)
        if value.isEmpty {
            throw CommandFailure(.usage, "the value is empty: give it on standard input or with --file")
        }
        guard String(validating: value, as: UTF8.self) != nil else {
            throw CommandFailure(.usage, "the value is not UTF-8: Parameter Store keeps text")
        }
        return Secret(value)
    }

    private static func content(_ path: String, limit: Int) throws -> [UInt8]? {
        do throws(FileFault) {
            let bytes = try Files.content(path)
            return bytes.count > limit ? nil : bytes
        } catch {
            if case .tooLarge = error { return nil }
            throw CommandFailure(.usage, "cannot read \(path): \(error)")
        }
    }

    private static func input(limit: Int) throws -> [UInt8]? {
        if StandardInput.isTerminal { Terminal.complain("reading the value from the terminal; end with ctrl-d") }
        return try StandardInput.read(limit: limit)
    }

    /// Refuses what is longer than the tier holds. Bytes of UTF-8 count, not letters.
    ///
    /// - Parameters:
    ///   - tier: the one that was asked for.
    ///   - existing: the one that the parameter is in; a value without a tier of its own stays there.
    static func requireFit(_ value: Secret, tier: ParameterTierChoice?, existing: ParameterTier? = nil) throws {
        let longest = tier?.maxValueBytes ?? (existing ?? .standard).maxValueBytes
        guard value.count > longest else { return }
        throw tooLong("\(value.count)", tier)
    }

    private static func tooLong(_ bytes: String, _ tier: ParameterTierChoice?) -> CommandFailure {
        let (standard, advanced) = (ParameterTier.standard.maxValueBytes, ParameterTier.advanced.maxValueBytes)
        guard (tier ?? .standard) == .standard else {
            return CommandFailure(
                .usage, "the value has \(bytes) bytes, and no parameter holds more than \(advanced): divide it")
        }
        return CommandFailure(
            .usage,
            "the value has \(bytes) bytes, and a parameter of the standard tier holds \(standard): "
                + "--tier advanced holds \(advanced), at a price")
    }

    /// Refuses a blob that is no JSON object: no broker could read a field of it.
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
                + "--force writes it all the same")
    }
}
