internal import LatchkeyCore
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyUpstream

/// Schedules and cancels the deletion of moved secrets. Reads no value, so that the last-accessed dates do not change.
struct CleanupRun {
    let access: MigrationAccess
    let selection: Selection
    /// Secrets named on the command line. An undo restores them whoever has deleted them.
    var named: Set<String> = []

    /// The secrets that would be deleted, and what blocks the others.
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

    /// The secrets that an undo would restore: those that a cleanup deletes and those that are named. Other deletions
    /// are left alone.
    func planUndo(_ journal: Journal) async throws -> [CleanupLine] {
        let ours = journal.removed.union(named)
        let (secrets, targets, _) = try await look()
        return zip(secrets, targets).map { secret, target in
            let isOurs = secret.deletion != nil && ours.contains(secret.name)
            return CleanupLine(secret: secret, target: target, act: isOurs ? "restore" : "nothing")
        }
    }

    /// Carries out each line once.
    /// - Parameter days: the recovery window, 7 to 30 days.
    func carryOut(_ lines: [CleanupLine], days: Int, _ journal: JournalFile) async throws -> [CleanupLine] {
        var lines = lines
        var progress = Progress("cleaned up", of: lines.count)
        defer { progress.end() }
        for index in lines.indices {
            let name = lines[index].secret.name
            // Recorded first, so that an undo knows of an interrupted deletion.
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
