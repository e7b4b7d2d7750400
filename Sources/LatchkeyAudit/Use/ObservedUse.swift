/// What callers have used, according to the audit log. Pure.
package struct ObservedUse: Sendable {
    /// What one caller has used.
    package struct CallerUse: Hashable, Sendable {
        package var scopes: Set<String> = []
        package var secrets: Set<String> = []
        package var profiles: Set<String> = []
    }

    /// The most names that are kept, of all callers together.
    package static let maxNames = 100_000

    package private(set) var callers: [String: CallerUse] = [:]
    /// Whether a name was left out, because there are more than ``maxNames``.
    package private(set) var isTruncated = false
    private var names = 0

    package init() {}

    /// Adds a line: one that was allowed, or that a failure of an upstream has ended.
    package mutating func add(_ record: AuditRecord) {
        guard let caller = record.text("caller"), let action = AuditAction(rawValue: record.action),
            let decision = record.text("decision").flatMap({ AuditDecision(rawValue: $0) })
        else { return }
        switch decision {
        case .allowed, .wouldDeny: break
        case .failed: guard record.status ?? 0 >= 500 else { return }
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
            if let name { keep(name, in: &use.secrets) }
        case .secretList: use.scopes.insert("secrets")
        case .cacheClear: use.scopes.insert("admin")
        case .metricsRead: use.scopes.insert("metrics")
        case .healthRead, .openAPIRead: break
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
