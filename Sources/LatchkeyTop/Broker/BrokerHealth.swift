package import LatchkeyCore

/// What `GET /health` of one broker says.
package struct BrokerHealth: Hashable, Sendable {
    /// The token of one profile.
    package struct Token: Hashable, Sendable {
        package let state: String
        /// Seconds until it expires; nil if there is none.
        package let seconds: Int64?
        package let isRefreshing: Bool
    }

    package private(set) var status: String
    package private(set) var version: String
    /// Seconds since the start.
    package private(set) var uptime: Int64
    package private(set) var backend: String
    package private(set) var isDraining: Bool
    /// What fails now, one line for each.
    package private(set) var faults: [String] = []
    package private(set) var tokens: [String: Token] = [:]

    /// Nil for what is no report.
    package init?(_ json: JSON) {
        guard let status = json["status"]?.string else { return nil }
        self.status = status
        version = json["version"]?.string ?? ""
        uptime = OutsideNumber.counters.bounded(json["uptime_seconds"]?.integer) ?? 0
        backend = json["secrets_backend"]?.string ?? "unknown"
        isDraining = json["draining"]?.bool ?? false
        if isDraining { faults.append("stopping") }
        for (name, tier) in json["tiers"]?.object ?? JSONObject() { addFaults(of: tier, name) }
        for (name, followed) in json["followed"]?.object ?? JSONObject() where followed["state"]?.string == "failing" {
            faults.append("\(name) cannot be read: \(followed["error"]?.string ?? "unknown")")
        }
        for (name, certificate) in json["certificates"]?.object ?? JSONObject()
        where certificate["state"]?.string == "expired" {
            faults.append("certificate \(name) has expired")
        }
        let failed = (json["reload"]?["failed"]?.array ?? []).compactMap(\.string)
        if !failed.isEmpty { faults.append("not reloaded: \(failed.joined(separator: ", "))") }
        for (name, token) in json["tokens"]?.object ?? JSONObject() {
            tokens[name] = Token(
                state: token["state"]?.string ?? "unknown",
                seconds: OutsideNumber.counters.bounded(token["expires_in"]?.integer),
                isRefreshing: token["refreshing"]?.bool ?? false)
        }
    }

    private mutating func addFaults(of tier: JSON, _ name: String) {
        if tier["state"]?.string == "failing" {
            faults.append("\(name) fails: \(tier["last_error"]?.string ?? "unknown")")
        }
        if let error = tier["write_error"]?.string { faults.append("\(name) cannot be written: \(error)") }
        if let error = tier["blob_error"]?.string { faults.append("\(name): the blob is invalid: \(error)") }
    }
}

extension ClosedRange<Int64> {
    /// The number, if it is in the range.
    fileprivate func bounded(_ number: Int64?) -> Int64? { number.flatMap { contains($0) ? $0 : nil } }
}
