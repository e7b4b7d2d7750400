/// A reader of outside bytes that the fuzzer feeds, by the name that the command line and the corpus folders use.
///
/// Each target checks its own rules with ``FuzzViolation``: what an accepted input may never hold, and that the way the
/// bytes were cut changes nothing. A trap in the reader itself ends the process, which the fuzzer reports.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case request
    case response
    case chunked
    case journal
    case resourceName = "resource-name"
    case json
    case settings
    case profiles
    case sharedConfig = "shared-config"

    /// Feeds one input.
    ///
    /// - Throws: ``FuzzViolation`` where a rule of the target does not hold.
    package func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        switch self {
        case .request: try RequestFuzz.run(bytes)
        case .response: try ResponseFuzz.run(bytes)
        case .chunked: try ChunkedFuzz.run(bytes)
        case .journal: try JournalFuzz.run(bytes)
        case .resourceName: try ResourceNameFuzz.run(bytes)
        case .json: try JSONFuzz.run(bytes)
        case .settings: try SettingsFuzz.run(bytes)
        case .profiles: try ProfilesFuzz.run(bytes)
        case .sharedConfig: try SharedConfigFuzz.run(bytes)
        }
    }
}
