/// A parser of untrusted bytes that the fuzzer runs. The raw value is its name on the command line and in corpus folders.
///
/// Each target checks its own rules, such as what an accepted input must not contain, and that the result does not depend on
/// how the bytes are split. It throws ``FuzzViolation`` for a broken rule. A trap in the parser ends the process, which the
/// fuzzer reports.
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
    case token
    case callers
    case audit

    /// Runs the target on one input.
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
        case .token: try TokenFuzz.run(bytes)
        case .callers: try CallersFuzz.run(bytes)
        case .audit: try AuditFuzz.run(bytes)
        }
    }
}
