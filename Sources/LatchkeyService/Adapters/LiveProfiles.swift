internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream
internal import Synchronization

/// The current profiles: those read at startup, and later those of the changed profiles file.
final class LiveProfiles: Sendable {
    /// The services that the issuers of all profiles need.
    struct Dependencies: Sendable {
        let settings: Settings
        let files: FollowedFiles
        let secrets: SecretBroker
        let client: HTTPClient
        let metrics: Metrics
        let time: Timing
    }

    /// A profile with its current definition.
    struct ActiveProfile: Sendable {
        let definition: ProfileDefinition
        /// Counts the definitions that this name has had.
        let revision: Int
        let budget: ProfileBudget
    }

    /// Maximum number of budgets kept for removed profiles, so that a profile that is added again gets no new budget.
    static let maxKeptBudgets = ProfilesFile.maxLiveProfiles

    private struct State: Sendable {
        var active: [ActiveProfile] = []
        /// Budgets of removed profiles, the latest one last.
        var kept: [(name: String, budget: ProfileBudget)] = []
        var revisions = 0
    }

    private let dependencies: Dependencies
    private let state: Mutex<State>

    /// Starts with the profiles of the settings.
    init(_ dependencies: Dependencies) {
        self.dependencies = dependencies
        var state = State()
        Self.take(dependencies.settings.profiles, into: &state, dependencies)
        self.state = Mutex(state)
    }

    /// The profiles in the order of the settings, the default one first.
    var active: [ActiveProfile] { state.withLock { $0.active } }

    /// The profiles in the form that the token broker takes.
    var profiles: [TokenProfile] { active.map(profile) }

    /// Updates the metrics of the issue budgets.
    func updateBudgetMetrics(_ now: MonotonicTime) { for profile in active { profile.budget.updateMetric(now) } }

    /// Replaces the profiles. Must not be called concurrently.
    ///
    /// Files of new credentials are read and followed before anybody can request their profile. Files that no profile
    /// names any more are no longer followed.
    func replace(with definitions: [ProfileDefinition], in tokens: TokenBroker) {
        let before = active.map(\.definition)
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
        let before = state.active
        state.active = definitions.map { definition in
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
        // A full budget need not be kept: it equals a new one.
        state.kept = (state.kept + gone).filter { !names.contains($0.name) && !$0.budget.isFull(now) }
            .suffix(maxKeptBudgets)
    }

    private func profile(_ active: ActiveProfile) -> TokenProfile {
        let (metrics, name, time) = (dependencies.metrics, active.definition.name, dependencies.time)
        let issuer = TokenIssuer(
            transport: dependencies.client.transport, time: time, userAgent: Version.userAgent,
            observe: { call in
                metrics.upstreamRequest(call.upstream, .issueToken, call.outcome, took: call.duration)
                if call.attempt > 1 { metrics.upstreamRetry(call.upstream) }
                for allowance in call.quota.allowances {
                    metrics.issuerQuota(
                        profile: name, allowance.bucket, remaining: allowance.remaining, limit: allowance.limit,
                        fullAt: allowance.resetsAfter.map { time.now().monotonic + $0 })
                }
            })
        let source = IssuerSource(
            profile: active.definition, settings: dependencies.settings, files: dependencies.files,
            secrets: dependencies.secrets,
            issuer: issuer, budget: active.budget)
        return TokenProfile(
            name: name, issuer: source.tier, definition: active.definition.identity, revision: active.revision)
    }
}
