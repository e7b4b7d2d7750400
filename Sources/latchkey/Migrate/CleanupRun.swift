internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyUpstream

/// Sets and takes back the deletion of secrets that were moved. Reads no value, so that it resets no date of reading.
struct CleanupRun {
    let access: MigrationAccess
    let selection: Selection
    /// Secrets that were named on the command line, so that an undo brings them back whoever has deleted them.
    var named: Set<String> = []

    /// What would be deleted, and what is kept by what.
    func plan(_ rules: CleanupRules) async throws -> [CleanupLine] {
        let (secrets, targets, present) = try await look()
        return zip(secrets, targets).map { secret, target in
            let blocks = rules.blocks(secret, target: target, hasParameter: present.contains(target))
            let isKept = blocks == [.kept]
            let act = isKept ? "kept" : !blocks.isEmpty ? "blocked" : secret.deletion == nil ? "delete" : "nothing"
            return CleanupLine(
                secret: secret, target: target, act: act, blocks: blocks, deletion: secret.deletion)
        }
    }

    /// What would be brought back: what a cleanup is to delete, and what is named. What somebody else deletes is theirs.
    func undoing(_ journal: Journal) async throws -> [CleanupLine] {
        let ours = journal.removed.union(named)
        let (secrets, targets, _) = try await look()
        return zip(secrets, targets).map { secret, target in
            let isOurs = secret.deletion != nil && ours.contains(secret.name)
            return CleanupLine(secret: secret, target: target, act: isOurs ? "restore" : "nothing")
        }
    }

    /// Does what the lines say, each once.
    /// - Parameter days: of the recovery window, 7 to 30.
    func carryOut(_ lines: [CleanupLine], days: Int, _ journal: JournalFile) async throws -> [CleanupLine] {
        var lines = lines
        var progress = Progress("cleaned up", of: lines.count)
        defer { progress.end() }
        for index in lines.indices {
            let name = lines[index].secret.name
            // Said before it is done, so that undo knows of one that was cut off here.
            if lines[index].act == "delete" {
                try journal.record("delete", isClean: true, count: 1, ["secret": name, "days": "\(days)"])
            }
            do throws(AWSError) {
                switch lines[index].act {
                case "delete":
                    lines[index].deletion = try await access.secretsManager.delete(
                        name, days: days, deadline: access.deadline)
                case "restore": try await access.secretsManager.restore(name, deadline: access.deadline)
                default: break
                }
            } catch {
                lines[index].storeFailure = StoreFailure(error)
            }
            if lines[index].act == "restore", lines[index].storeFailure == nil {
                try journal.record("undelete", isClean: true, count: 1, ["secret": name])
            }
            progress.step()
        }
        return lines
    }

    private func look() async throws -> (secrets: [SourceSecret], targets: [String], present: Set<String>) {
        var reader = InventoryReader(access: access, selection: selection)
        reader.isDetailed = true
        let (secrets, map) = try await reader.describeSecrets()
        let planner = Planner(map: map)
        let targets = secrets.map { planner.target(for: $0.name) }
        let inventory = try await reader.readParameters(of: secrets, planner)
        return (secrets, targets, Set(inventory.parameters.keys))
    }
}
