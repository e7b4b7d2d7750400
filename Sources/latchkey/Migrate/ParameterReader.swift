internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeyUpstream

/// Reads the parameters that secrets go to, and checks whether they may be written. A denial is part of the result.
struct ParameterReader: Sendable {
    /// Maximum number of paths to check for write permission. Each needs one or two calls at the rate of PutParameter.
    static let maxProbes = 20

    /// The parameters that exist, and the denied ones.
    struct Found: Sendable {
        /// The existing parameters.
        var parameters: [Parameter] = []
        /// The denied IAM action by parameter name.
        var denied: [String: String] = [:]
        /// The unanswered IAM action by parameter name.
        var unread: [String: String] = [:]
    }

    let access: MigrationAccess
    /// The KMS key of the writes.
    var keyID: String?

    /// Reads the parameters in batches of ten. If a batch is denied or gets no answer, each of its names is read alone:
    /// AWS denies the whole batch for one name, and one slow name delays the call.
    /// - Parameter names: valid parameter names.
    func read(_ names: [String]) async throws -> Found {
        var found = Found()
        for start in stride(from: 0, to: names.count, by: ParameterStore.batch) {
            let batch = Array(names[start..<min(start + ParameterStore.batch, names.count)])
            do throws(AWSError) {
                found.parameters += try await access.parameterStore.get(batch, deadline: access.deadline).parameters
            } catch {
                guard error.kind == .denied || StoreFailure(error).isTransient else {
                    throw CommandFailure(error, action: "ssm:GetParameters")
                }
                for alone in try await MigrationAccess.each(batch, { try await self.readAlone($0) }) {
                    found.parameters += alone.parameters
                    found.denied.merge(alone.denied) { $1 }
                    found.unread.merge(alone.unread) { $1 }
                }
            }
        }
        return found
    }

    /// Reads one name with GetParameter.
    private func readAlone(_ name: String) async throws -> Found {
        do {
            let found = try await access.reading("ssm:GetParameter") { () async throws(AWSError) in
                try await access.parameterStore.get([name], deadline: access.deadline).parameters
            }
            return Found(parameters: found)
        } catch let error as AWSError {
            if StoreFailure(error).isTransient { return Found(unread: [name: "ssm:GetParameter"]) }
            guard error.kind == .denied else { throw CommandFailure(error, action: "ssm:GetParameter") }
            return Found(denied: [name: error.concernsKMSKey ? "kms:Decrypt" : "ssm:GetParameter"])
        }
    }

    /// Adds the parameters of the inventory's secrets, with tier and key.
    func fill(_ inventory: inout Inventory, _ planner: Planner) async throws {
        let found = try await read(usable(inventory, planner).keys.sorted())
        for parameter in found.parameters { inventory.parameters[parameter.name] = ExistingParameter(parameter) }
        for (name, action) in found.denied { inventory.deniedParameters[name, default: []].insert(action) }
        for (name, action) in found.unread { inventory.unreadParameters[name, default: []].insert(action) }
        try await describe(&inventory)
    }

    /// Adds tier and key of the existing parameters.
    private func describe(_ inventory: inout Inventory) async throws {
        let names = inventory.parameters.keys.sorted()
        guard !names.isEmpty else { return }
        do {
            let described = try await access.reading("ssm:DescribeParameters") { () async throws(AWSError) in
                try await access.parameterStore.describe(names, deadline: .current + .seconds(600))
            }
            for description in described {
                inventory.parameters[description.name]?.tier = description.tier.flatMap { ParameterTier(rawValue: $0) }
                inventory.parameters[description.name]?.keyID = description.keyID
            }
        } catch let error as AWSError {
            if StoreFailure(error).isTransient {
                for name in names { inventory.unreadParameters[name, default: []].insert("ssm:DescribeParameters") }
                return
            }
            guard error.kind == .denied else { throw CommandFailure(error, action: "ssm:DescribeParameters") }
            for name in names { inventory.deniedParameters[name, default: []].insert("ssm:DescribeParameters") }
        }
    }

    // MARK: Write permission

    /// Checks write permission once per path, for at most ``maxProbes`` paths.
    func probe(_ inventory: inout Inventory, _ planner: Planner) async throws {
        let tagged = usable(inventory, planner)
        let paths = Dictionary(grouping: tagged.keys.sorted(), by: Self.parent).sorted { $0.key < $1.key }
        inventory.uncheckedPaths = max(0, paths.count - Self.maxProbes)
        for (_, names) in paths.prefix(Self.maxProbes) {
            // Tags need a permission of their own.
            let hasTags = names.contains { tagged[$0] == true }
            guard let name = names.first, let action = await refused(name, hasTags: hasTags) else { continue }
            for name in names where action != Self.tagging || tagged[name] == true {
                inventory.deniedParameters[name, default: []].insert(action)
            }
        }
    }

    private static let tagging = "ssm:AddTagsToResource"

    /// The denied action for writing the parameter; nil if there is none or it cannot be determined. Then the write
    /// itself will show it.
    private func refused(_ name: String, hasTags: Bool) async -> String? {
        do throws(AWSError) {
            try await access.parameterStore.probePutParameter(
                name, keyID: keyID, hasTags: hasTags, deadline: access.deadline)
            return nil
        } catch {
            guard error.kind == .denied else { return nil }
            if error.concernsKMSKey { return "kms:Encrypt" }
            guard hasTags else { return "ssm:PutParameter" }
            return await refused(name, hasTags: false) ?? Self.tagging
        }
    }

    /// The valid parameter names, and whether the secret has tags.
    private func usable(_ inventory: Inventory, _ planner: Planner) -> [String: Bool] {
        let pairs = inventory.secrets.map { secret in
            (planner.target(for: secret.name), secret.tags.contains { !$0.isReserved })
        }
        return Dictionary(
            pairs.filter { ParameterName.isUsable($0.0, arnPrefix: inventory.parameterARNPrefix) },
            uniquingKeysWith: { $0 || $1 })
    }

    private static func parent(_ name: String) -> String {
        name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
    }
}
