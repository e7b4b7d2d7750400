internal import LatchkeyAWS
internal import LatchkeyBroker

/// The query parameters `version` and `label`, checked by the grammar of the store in force.
struct SecretSelectors {
    let version: String?
    let label: String?

    /// - Parameter store: the store in force; nil while it is unknown. Then the grammar of either store is accepted
    ///   here, and the broker checks again.
    init(_ query: RequestQuery, store: SecretStore?) throws(Problem) {
        version = try query["version"].map { text throws(Problem) in try Self.version(text, of: store) }
        label = try query["label"].map { text throws(Problem) in try Self.label(text, of: store) }
        if version != nil, label != nil, store == .parameterStore {
            throw Problem(400, .badRequest, "version and label are given: Parameter Store takes one of them")
        }
    }

    private static func version(_ text: String, of store: SecretStore?) throws(Problem) -> String {
        if store != .secretsManager, let selector = ParameterSelector(version: text) { return "\(selector)" }
        if store != .parameterStore, isPlain(text, SecretQuery.versionIDBytes) { return text }
        throw Problem(
            400, .badRequest,
            "version must be \(store == .secretsManager ? "a version id of 32 to 64 bytes" : versionRule)")
    }

    private static func label(_ text: String, of store: SecretStore?) throws(Problem) -> String {
        if store != .secretsManager, ParameterSelector(label: text) != nil { return text }
        if store != .parameterStore, isPlain(text, 1...SecretQuery.maxLabelBytes) { return text }
        throw Problem(
            400, .badRequest,
            "label must be \(store == .secretsManager ? "a version stage of 1 to 256 bytes" : labelRule)")
    }

    /// Whether Secrets Manager accepts the text: its length, and here no control characters.
    private static func isPlain(_ text: String, _ bounds: ClosedRange<Int>) -> Bool {
        bounds.contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    static let versionRule = "a whole number from 1 to \(Int64.max), in digits"
    static let labelRule =
        "1 to \(ParameterSelector.maxLabelBytes) letters, digits, `.`, `-` and `_`, and must not begin with a digit, aws or ssm"
}

extension SecretQuery {
    /// - Parameter store: the store in force; nil while it is unknown.
    init(_ key: SecretKey, selectors: RequestQuery, store: SecretStore?) throws(Problem) {
        let selectors = try SecretSelectors(selectors, store: store)
        self.init(key, version: selectors.version, label: selectors.label)
    }
}
