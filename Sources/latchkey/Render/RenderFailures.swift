internal import LatchkeyCore
internal import LatchkeySettings

/// Which failures of a watched file are reported: each once, until there is another or a success. Pure.
struct RenderFailures {
    /// Failures in a row.
    private(set) var count = 0
    private var last: String?

    /// - Returns: the message; nil if it was the last one too.
    mutating func failure(_ error: any Error, keeping path: String) -> String? {
        count += 1
        let message = Self.lines(error).joined(separator: "; ")
        guard message != last else { return nil }
        last = message
        return "\(message); \(path) is left as it is, trying again"
    }

    /// - Returns: the message after a failure; nil otherwise.
    mutating func success(_ path: String) -> String? {
        guard count > 0 else { return nil }
        self = RenderFailures()
        return "all values can be read again; \(path) is up to date"
    }

    /// What an error says, without a value.
    static func lines(_ error: any Error) -> [String] {
        switch error {
        case let failure as CommandFailure: [failure.message]
        case let file as OwnFileError: [file.message]
        case let problems as SettingsError: problems.lines
        default: ["\(type(of: error))"]
        }
    }
}
