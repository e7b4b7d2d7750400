internal import LatchkeyCore
internal import LatchkeyMigration
internal import LatchkeyUpstream

/// Reads the parameters that secrets go to, and asks whether they may be written. A refusal is part of what was found.
struct ParameterReader: Sendable {
    /// Paths that are asked whether they may be written: a call or two each, at PutParameter's pace.
    static let maxProbes = 20

    /// Parameters as they are, and what was refused.
    struct Found: Sendable {
        /// Those that are there.
        var parameters: [Parameter] = []
        /// The IAM action that was refused, by name.
        var denied: [String: String] = [:]
        /// The IAM action that got no answer, by name.
        var unread: [String: String] = [:]
    }

    let access: MigrationAccess
    /// The key that writes would name.
    var keyID: String?

    /// Reads names in tens; where ten are refused or get no answer, each alone: AWS refuses all for the sake of one, and
    /// one name that hangs holds up the call.
    /// - Parameter names: such as Parameter Store takes.
    func read(_ names: [String]) async throws -> Found {
        var found = Found()
        for start in stride(from: 0, to: names.count, by: ParameterStore.batch) {
            let batch = Array(names[start..<min(start + ParameterStore.batch, names.count)])
            do throws(AWSError) {
                found.parameters += try await access.parameterStore.get(batch, deadline: access.deadline).parameters
            } catch {
                guard error.kind == .denied || StoreFailure(error).mayPass else {
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

    /// A read of one name is a GetParameter.
    private func readAlone(_ name: String) async throws -> Found {
        do {
            let found = try await access.reading("ssm:GetParameter") { () async throws(AWSError) in
                try await access.parameterStore.get([name], deadline: access.deadline).parameters
            }
            return Found(parameters: found)
        } catch let error as AWSError {
            if StoreFailure(error).mayPass { return Found(unread: [name: "ssm:GetParameter"]) }
            guard error.kind == .denied else { throw CommandFailure(error, action: "ssm:GetParameter") }
            return Found(denied: [name: error.isOfKey ? "kms:Decrypt" : "ssm:GetParameter"])
        }
    }

    /// The parameters that the inventory's secrets go to, with tier and key.
    func fill(_ inventory: inout Inventory, _ planner: Planner) async throws {
        let found = try await read(usable(inventory, planner).keys.sorted())
        for parameter in found.parameters { inventory.parameters[parameter.name] = ExistingParameter(parameter) }
        for (name, action) in found.denied { inventory.deniedParameters[name, default: []].insert(action) }
        for (name, action) in found.unread { inventory.unreadParameters[name, default: []].insert(action) }
        try await describe(&inventory)
    }

    /// Tier and key of the parameters that are there already.
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
            if StoreFailure(error).mayPass {
                for name in names { inventory.unreadParameters[name, default: []].insert("ssm:DescribeParameters") }
                return
            }
            guard error.kind == .denied else { throw CommandFailure(error, action: "ssm:DescribeParameters") }
            for name in names { inventory.deniedParameters[name, default: []].insert("ssm:DescribeParameters") }
        }
    }

    // MARK: Whether they may be written

    /// Asks once for each path that parameters lie in, for the first ``maxProbes`` of them.
    func probe(_ inventory: inout Inventory, _ planner: Planner) async throws {
        let tagged = usable(inventory, planner)
        let paths = Dictionary(grouping: tagged.keys.sorted(), by: Self.parent).sorted { $0.key < $1.key }
        inventory.unaskedPaths = max(0, paths.count - Self.maxProbes)
        for (_, names) in paths.prefix(Self.maxProbes) {
            // Tags take a permission of their own, where there are any.
            let hasTags = names.contains { tagged[$0] == true }
            guard let name = names.first, let action = await refused(name, hasTags: hasTags) else { continue }
            for name in names where action != Self.tagging || tagged[name] == true {
                inventory.deniedParameters[name, default: []].insert(action)
            }
        }
    }

    private static let tagging = "ssm:AddTagsToResource"

    /// The action that is refused for a parameter's write; nil where none is, or it cannot be told: that is no reason to
    /// stop, for the write itself will tell.
    private func refused(_ name: String, hasTags: Bool) async -> String? {
        do throws(AWSError) {
            try await access.parameterStore.probePut(name, keyID: keyID, hasTags: hasTags, deadline: access.deadline)
            return nil
        } catch {
            guard error.kind == .denied else { return nil }
            if error.isOfKey { return "kms:Encrypt" }
            guard hasTags else { return "ssm:PutParameter" }
            return await refused(name, hasTags: false) ?? Self.tagging
        }
    }

    /// Names that Parameter Store takes, and whether the secret that goes there has tags to carry.
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
