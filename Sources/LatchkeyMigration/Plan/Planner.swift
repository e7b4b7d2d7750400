internal import LatchkeyCore
internal import LatchkeyCrypto

/// Makes a plan from the contents of both stores. Pure: makes no call and reads no clock.
package struct Planner: Sendable {
    /// Parameter names by secret name. A secret that is not in the map goes to ``ParameterName/defaultName(for:)``.
    package var map: [String: String]
    package var options: MoveOptions
    /// The reads of all these secrets in a month, for the cost; 0 if unknown.
    package var readsPerMonth: Int

    package init(map: [String: String] = [:], options: MoveOptions = MoveOptions(), readsPerMonth: Int = 0) {
        self.map = map
        self.options = options
        self.readsPerMonth = readsPerMonth
    }

    /// The parameter that a secret goes to.
    package func target(for secret: String) -> String { map[secret] ?? ParameterName.defaultName(for: secret) }

    package func plan(_ inventory: Inventory) -> Plan {
        var taken: [String: String] = [:]
        var items: [PlanItem] = []
        for secret in inventory.secrets {
            let target = target(for: secret.name)
            var item = item(secret, target, inventory)
            if let other = taken[target] {
                item.obstacles.append(.sameTarget(other))
            } else {
                taken[target] = secret.name
            }
            decideAction(of: &item, existing: inventory.parameters[target])
            items.append(item)
        }
        let (before, after) = cost(items)
        return Plan(items: items, costBefore: before, costAfter: after, uncheckedPaths: inventory.uncheckedPaths)
    }

    private func item(_ secret: SourceSecret, _ target: String, _ inventory: Inventory) -> PlanItem {
        let existing = inventory.parameters[target]
        var obstacles = obstacles(of: secret)
        obstacles += ParameterName.obstacles(target, arnPrefix: inventory.parameterARNPrefix)
        if let value = secret.value { obstacles += self.obstacles(of: value, existing: existing) }
        if let existing { obstacles += self.obstacles(of: existing, with: secret) }
        if let description = secret.description, description.count > Obstacle.maxDescription {
            obstacles.append(.descriptionCut(characters: description.count))
        }
        let reserved = secret.tags.count(where: \.isReserved)
        if reserved > 0 { obstacles.append(.reservedTags(reserved)) }
        let key = options.keyID(for: secret, existing: existing)
        if let own = secret.keyID, key == nil, existing == nil { obstacles.append(.keyOfItsOwn(own)) }
        obstacles += (inventory.deniedParameters[target] ?? []).sorted().map { .denied(action: $0) }
        obstacles += (inventory.unreadParameters[target] ?? []).sorted().map { .unread(action: $0) }
        let bytes = secret.value?.secret.count
        return PlanItem(
            secret: secret, target: target, action: .create, obstacles: obstacles, bytes: bytes,
            tier: bytes.flatMap { options.tier.tier(for: $0, existing: existing?.tier) }, kind: options.kind,
            keyID: key,
            description: secret.description.map { String($0.prefix(Obstacle.maxDescription)) },
            tags: secret.tags.filter { !$0.isReserved })
    }

    /// Sets the action, once all obstacles are known.
    private func decideAction(of item: inout PlanItem, existing: ExistingParameter?) {
        if item.obstacles.contains(where: { $0.severity == .blocks }) {
            item.action = .blocked
            item.tier = nil
        } else if let existing, let value = item.secret.value {
            item.action = existing.value.secret == value.secret ? .nothing : .overwrite
        }
    }

    // MARK: Obstacles

    private func obstacles(of secret: SourceSecret) -> [Obstacle] {
        guard secret.exists else { return [.notFound] }
        var found: [Obstacle] = secret.denied.sorted().map { .denied(action: $0) }
        found += secret.unread.sorted().map { .unread(action: $0) }
        if let deletion = secret.deletion {
            found.append(.pendingDeletion(deletion))
        } else if secret.value == nil,
            (secret.denied + secret.unread).allSatisfy({ Obstacle.optionalActions.contains($0) })
        {
            found.append(.noValue)
        }
        if let service = secret.owningService { found.append(.ownedByService(service)) }
        if secret.rotates { found.append(.rotation) }
        if !secret.replicas.isEmpty { found.append(.replicas(secret.replicas.sorted())) }
        if let region = secret.primaryRegion { found.append(.replica(of: region)) }
        if secret.hasResourcePolicy { found.append(.resourcePolicy) }
        return found
    }

    private func obstacles(of value: StoredValue, existing: ExistingParameter?) -> [Obstacle] {
        var found: [Obstacle] = []
        if value.secret.isEmpty { found.append(.noValue) }
        if value.isBinary {
            found.append(.binary)
        } else if value.secret.revealText() == nil {
            found.append(.notText)
        }
        if !value.isBinary, value.secret.contains("{{") { found.append(.reference) }
        let bytes = value.secret.count
        if bytes > ParameterTier.advanced.maxValueBytes {
            found.append(.overAdvanced(bytes: bytes))
        } else if options.tier.tier(for: bytes, existing: existing?.tier) == nil {
            found.append(.overStandard(bytes: bytes))
        } else if bytes > ParameterTier.standard.maxValueBytes {
            found.append(.needsAdvanced(bytes: bytes))
        }
        return found
    }

    private func obstacles(of existing: ExistingParameter, with secret: SourceSecret) -> [Obstacle] {
        guard existing.kind == options.kind else { return [.otherType(existing.kind)] }
        guard let value = secret.value else { return [] }
        guard value.secret == existing.value.secret else { return [.otherValue(version: existing.version)] }
        return options.kept(for: secret, existing).map { [$0] } ?? []
    }

    // MARK: Cost

    private func cost(_ items: [PlanItem]) -> (before: Cost, after: Cost) {
        let billed = items.filter { $0.secret.exists && $0.secret.deletion == nil }
        let staying = billed.filter { $0.action == .blocked }
        let advanced = billed.count { $0.tier == .advanced }
        let billedCount = { (items: [PlanItem]) in items.reduce(0) { $0 + $1.secret.billedCount } }
        let reads = { (count: Int) in billed.isEmpty ? 0 : readsPerMonth * count / billed.count }
        return (
            Cost(secrets: billedCount(billed), secretReads: readsPerMonth, advanced: 0, advancedReads: 0),
            Cost(
                secrets: billedCount(staying), secretReads: reads(staying.count), advanced: advanced,
                advancedReads: reads(advanced))
        )
    }
}

extension Secret {
    /// Whether the value contains `text`. Not in constant time: the plan reveals the result.
    fileprivate func contains(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        return withBytes { bytes in
            guard bytes.count >= wanted.count else { return false }
            return (0...(bytes.count - wanted.count)).contains { start in
                bytes[start..<(start + wanted.count)].elementsEqual(wanted)
            }
        }
    }
}
