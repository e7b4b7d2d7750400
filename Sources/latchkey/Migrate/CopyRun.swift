internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyUpstream

/// Carries out a plan: ``CopyStep`` decides the next step for each secret.
struct CopyRun {
    /// The copy ends when this many secrets in a row fail because a store does not answer.
    static let maxUnanswered = 3

    /// The outcome for one secret.
    struct Line {
        let item: PlanItem
        let outcome: CopyStep.Outcome
    }

    let access: MigrationAccess
    let options: MoveOptions
    /// Whether a parameter with another value may be overwritten.
    let mayOverwrite: Bool
    /// Each step is recorded here before it is taken; nil if the run cannot be resumed.
    var journal: JournalFile?
    private let time = Timing.system

    init(access: MigrationAccess, options: MoveOptions, mayOverwrite: Bool) {
        self.access = access
        self.options = options
        self.mayOverwrite = mayOverwrite
    }

    /// Moves the secrets without obstacles, one after another.
    func run(_ plan: Plan) async throws -> [Line] {
        let items = plan.items.filter { $0.action != .blocked }
        var progress = Progress("copied", of: items.count)
        defer { progress.end() }
        var lines: [Line] = []
        var unanswered = 0
        for item in items {
            let outcome = try await move(item)
            lines.append(Line(item: item, outcome: outcome))
            progress.step()
            if case .failed(let storeFailure) = outcome, storeFailure.kind != .refused {
                unanswered += 1
                guard unanswered < Self.maxUnanswered else { break }
            } else {
                unanswered = 0
            }
        }
        return lines
    }

    private func move(_ item: PlanItem) async throws -> CopyStep.Outcome {
        guard let value = item.value else { return .failed(StoreFailure(.refused, code: "no_value")) }
        let digest = journal?.key.digest(item.secret.name, value).hex ?? ""
        let last = journal?.journal.items[item.target]
        // An earlier run began to write this value and did not finish, so the existing parameter may be its own write.
        // A secret that was held back was not written.
        let isResumed = last.map { $0.state != .verified && $0.reason != "other_value" && $0.digest == digest } ?? false
        var step = CopyStep(
            CopyStep.Task(
                kind: item.kind, mayOverwrite: mayOverwrite, hasTags: !item.tags.isEmpty, isResumed: isResumed))
        var action = step.start()
        while true {
            let event: CopyStep.Event
            switch action {
            case .finish(let outcome): return outcome
            case .note(let state, let version, let reason):
                try journal?.append(
                    .item(
                        JournalItem(
                            secret: item.secret.name, target: item.target, state: state, digest: digest,
                            versionID: item.secret.versionID, version: version, reason: reason, at: time.now().wall)))
                event = .noted
            case .pause(let duration):
                await Timing.systemSleep(.current + duration)
                event = .paused
            case .read: event = await read(item, value)
            case .create: event = await write(item, value, overwrites: false)
            case .overwrite: event = await write(item, value, overwrites: true)
            case .tag: event = await tag(item)
            }
            action = step.after(event)
        }
    }

    // MARK: Calls

    private func read(_ item: PlanItem, _ value: Secret) async -> CopyStep.Event {
        do throws(AWSError) {
            let found = try await access.parameterStore.get([item.target], deadline: access.deadline)
            guard let parameter = found.parameters.first else { return .absent }
            return .found(
                isEqual: parameter.value == value, kind: ParameterKind(parameter.kind), version: parameter.version)
        } catch {
            return .failed(StoreFailure(error))
        }
    }

    private func write(_ item: PlanItem, _ value: Secret, overwrites: Bool) async -> CopyStep.Event {
        var write = ParameterWrite(
            name: item.target, value: value, kind: Parameter.Kind(item.kind), overwrites: overwrites)
        write.tier = tierName(item)
        write.keyID = item.keyID
        write.description = item.description
        if !overwrites { write.tags = item.tags.map { ($0.key, $0.value) } }
        do throws(AWSError) {
            return .wrote(version: try await access.parameterStore.write(write, deadline: access.deadline))
        } catch {
            return error.kind == .alreadyExists ? .taken : .failed(StoreFailure(error))
        }
    }

    /// The tier's name for PutParameter.
    private func tierName(_ item: PlanItem) -> String? {
        options.tier == .intelligentTiering ? "Intelligent-Tiering" : item.tier?.rawValue
    }

    private func tag(_ item: PlanItem) async -> CopyStep.Event {
        do throws(AWSError) {
            try await access.parameterStore.addTags(
                item.tags.map { ($0.key, $0.value) }, to: item.target, deadline: access.deadline)
            return .tagged
        } catch {
            return .failed(StoreFailure(error))
        }
    }
}
