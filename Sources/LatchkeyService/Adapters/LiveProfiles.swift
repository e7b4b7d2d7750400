internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Synchronization

/// The profiles in force: those that were read at the start, and from then on those that the file says.
final class LiveProfiles: Sendable {
    /// What asks the issuers of all profiles.
    struct Dependencies: Sendable {
        let settings: Settings
        let files: FollowedFiles
        let secrets: SecretBroker
        let client: HTTPClient
        let metrics: Metrics
        let time: TimeSource
    }

    /// A profile as it is defined now.
    struct ActiveProfile: Sendable {
        let definition: ProfileDefinition
        /// Counts the definitions that its name had.
        let revision: Int
        let budget: ProfileBudget
    }

    /// Budgets that are kept of profiles that were removed, at the most: who comes back has not got a new one.
    static let maxKeptBudgets = ProfilesFile.maxLiveProfiles

    private struct State: Sendable {
        var listed: [ActiveProfile] = []
        /// Of profiles that were removed, the last one last.
        var kept: [(name: String, budget: ProfileBudget)] = []
        var revisions = 0
    }

    private let dependencies: Dependencies
    private let state: Mutex<State>

    /// The profiles of the settings.
    init(_ dependencies: Dependencies) {
        self.dependencies = dependencies
        var state = State()
        Self.take(dependencies.settings.profiles, into: &state, dependencies)
        self.state = Mutex(state)
    }

    /// The profiles in their order, the default one first.
    var listed: [ActiveProfile] { state.withLock { $0.listed } }

    /// The profiles as the token broker has them.
    var profiles: [TokenProfile] { listed.map(profile) }

    /// Brings the metrics of the issue budgets up to date.
    func updateBudgetMetrics(_ now: MonotonicTime) { for profile in listed { profile.budget.show(now) } }

    /// Puts the profiles of a file in force. Not to be called from two threads at once.
    ///
    /// The files of new credentials are read and followed before anybody can ask for their profile, and those that no
    /// profile names any more are followed no longer.
    func replace(with definitions: [ProfileDefinition], in tokens: TokenBroker) {
        let before = listed.map(\.definition)
        state.withLock { Self.take(definitions, into: &$0, dependencies) }
        let old = before.flatMap(FollowedSettings.credentials)
        let new = definitions.flatMap(FollowedSettings.credentials)
        for file in new where !old.contains(where: { $0.isSame(as: file) }) { dependencies.files.follow(file) }
        tokens.replace(with: profiles)
        for file in old where !new.contains(where: { $0.isSame(as: file) }) { dependencies.files.forget(file) }
        updateBudgetMetrics(dependencies.time.now().monotonic)
    }

    private static func take(_ definitions: [ProfileDefinition], into state: inout State, _ dependencies: Dependencies)
    {
        let now = dependencies.time.now().monotonic
        let before = state.listed
        state.listed = definitions.map { definition in
            let old = before.first { $0.definition.name == definition.name }
            if old?.definition != definition { state.revisions += 1 }
            let kept = state.kept.first { $0.name == definition.name }?.budget
            let revision = old.flatMap { $0.definition == definition ? $0.revision : nil } ?? state.revisions
            let budget =
                old?.budget ?? kept
                ?? ProfileBudget(
                    dependencies.settings.issueBudget, profile: definition.name, metrics: dependencies.metrics)
            return ActiveProfile(definition: definition, revision: revision, budget: budget)
        }
        let names = Set(definitions.map(\.name))
        let gone = before.filter { !names.contains($0.definition.name) }.map { ($0.definition.name, $0.budget) }
        // One that is whole again is as good as a new one.
        state.kept = (state.kept + gone).filter { !names.contains($0.name) && !$0.budget.isWhole(now) }
            .suffix(maxKeptBudgets)
    }

    private func profile(_ listed: ActiveProfile) -> TokenProfile {
        let (metrics, name) = (dependencies.metrics, listed.definition.name)
        let issuer = TokenIssuer(
            transport: dependencies.client.transport, time: dependencies.time, userAgent: Version.userAgent,
            observe: { call in
                metrics.upstreamRequest(call.upstream, .issueToken, call.outcome, took: call.duration)
                if call.attempt > 1 { metrics.upstreamRetry(call.upstream) }
                for allowance in call.quota.allowances {
                    metrics.issuerQuota(profile: name, allowance.bucket, remaining: allowance.remaining)
                }
            })
        let source = IssuerSource(
            profile: listed.definition, settings: dependencies.settings, files: dependencies.files,
            secrets: dependencies.secrets,
            issuer: issuer, budget: listed.budget)
        return TokenProfile(
            name: name, issuer: source.tier, definition: listed.definition.identity, revision: listed.revision)
    }
}
