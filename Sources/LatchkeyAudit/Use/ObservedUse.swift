/// What callers have used, according to the audit log. Pure.
package struct ObservedUse: Sendable {
    /// What one caller has used.
    package struct CallerUse: Hashable, Sendable {
        package var scopes: Set<String> = []
        package var secrets: Set<String> = []
        package var profiles: Set<String> = []
        /// The secrets among them that did not exist.
        package var missing: Set<String> = []
        /// Whether it read the health report, which any scope but `metrics` opens.
        package var readsHealth = false
    }

    /// The most names that are kept, of all callers together.
    package static let maxNames = 100_000

    package private(set) var callers: [String: CallerUse] = [:]
    /// Whether a name was left out, because there are more than ``maxNames``.
    package private(set) var isTruncated = false
    private var names = 0

    package init() {}

    /// The codes of answers to a name that does not exist. A caller that may not have it gets another answer.
    private static let missingCodes: Set<String> = [
        "not_found", "ParameterNotFound", "ParameterVersionNotFound", "ResourceNotFoundException",
    ]

    /// Adds a line: one that was allowed, that a failure of an upstream has ended, or about a name that does not exist.
    package mutating func add(_ record: AuditRecord) {
        guard let caller = record.text("caller"), let action = AuditAction(rawValue: record.action),
            let decision = record.text("decision").flatMap({ AuditDecision(rawValue: $0) })
        else { return }
        let isMissing = decision == .failed && record.text("reason").map(Self.missingCodes.contains) ?? false
        switch decision {
        case .allowed, .wouldDeny: break
        case .failed: guard isMissing || record.status ?? 0 >= 500 else { return }
        case .denied: return
        }
        var use = callers[caller] ?? CallerUse()
        let name = record.text("name")
        switch action {
        case .tokenRead, .tokenReject:
            use.scopes.insert("token")
            if let name { keep(name, in: &use.profiles) }
        case .secretRead, .secretDescribe:
            use.scopes.insert("secrets")
            if let name {
                keep(name, in: &use.secrets)
                if isMissing, use.secrets.contains(name) { use.missing.insert(name) } else { use.missing.remove(name) }
            }
        case .secretList: use.scopes.insert("secrets")
        case .cacheClear: use.scopes.insert("admin")
        case .metricsRead: use.scopes.insert("metrics")
        case .healthRead, .openAPIRead: use.readsHealth = true
        default: return
        }
        callers[caller] = use
    }

    private mutating func keep(_ name: String, in set: inout Set<String>) {
        guard !set.contains(name) else { return }
        guard names < Self.maxNames else { return isTruncated = true }
        names += 1
        set.insert(name)
    }
}
