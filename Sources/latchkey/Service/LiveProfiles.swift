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
    struct Means: Sendable {
        let settings: Settings
        let files: FollowedFiles
        let secrets: SecretBroker
        let client: HTTPClient
        let metrics: Metrics
        let time: TimeSource
    }

    /// A profile as it is defined now.
    struct Listed: Sendable {
        let definition: ProfileDefinition
        /// Counts the definitions that its name had.
        let revision: Int
        let budget: ProfileBudget
    }

    /// Budgets that are kept of profiles that were removed, at the most: who comes back has not got a new one.
    static let mostKeptBudgets = ProfilesFile.maxLiveProfiles

    private struct State: Sendable {
        var listed: [Listed] = []
        /// Of profiles that were removed, the last one last.
        var kept: [(name: String, budget: ProfileBudget)] = []
        var revisions = 0
    }

    private let means: Means
    private let state: Mutex<State>

    /// The profiles of the settings.
    init(_ means: Means) {
        self.means = means
        var state = State()
        Self.take(means.settings.profiles, into: &state, means)
        self.state = Mutex(state)
    }

    /// The profiles in their order, the default one first.
    var listed: [Listed] { state.withLock { $0.listed } }

    /// The profiles as the token broker has them.
    var profiles: [TokenProfile] { listed.map(profile) }

    /// Brings the metrics of the issue budgets up to date.
    func showBudgets(_ now: MonotonicTime) { for profile in listed { profile.budget.show(now) } }

    /// Puts the profiles of a file in force. Not to be called from two threads at once.
    ///
    /// The files of new credentials are read and followed before anybody can ask for their profile, and those that no
    /// profile names any more are followed no longer.
    func replace(with definitions: [ProfileDefinition], in tokens: TokenBroker) {
        let before = listed.map(\.definition)
        state.withLock { Self.take(definitions, into: &$0, means) }
        let old = before.flatMap(FollowedSettings.credentials)
        let new = definitions.flatMap(FollowedSettings.credentials)
        for file in new where !old.contains(where: { $0.isSame(as: file) }) { means.files.follow(file) }
        tokens.replace(with: profiles)
        for file in old where !new.contains(where: { $0.isSame(as: file) }) { means.files.forget(file) }
        showBudgets(means.time.now().monotonic)
    }

    private static func take(_ definitions: [ProfileDefinition], into state: inout State, _ means: Means) {
        let now = means.time.now().monotonic
        let before = state.listed
        state.listed = definitions.map { definition in
            let old = before.first { $0.definition.name == definition.name }
            if old?.definition != definition { state.revisions += 1 }
            let kept = state.kept.first { $0.name == definition.name }?.budget
            let revision = old.flatMap { $0.definition == definition ? $0.revision : nil } ?? state.revisions
            let budget =
                old?.budget ?? kept
                ?? ProfileBudget(means.settings.issueBudget, profile: definition.name, metrics: means.metrics)
            return Listed(definition: definition, revision: revision, budget: budget)
        }
        let names = Set(definitions.map(\.name))
        let gone = before.filter { !names.contains($0.definition.name) }.map { ($0.definition.name, $0.budget) }
        // One that is whole again is as good as a new one.
        state.kept = (state.kept + gone).filter { !names.contains($0.name) && !$0.budget.isWhole(now) }
            .suffix(mostKeptBudgets)
    }

    private func profile(_ listed: Listed) -> TokenProfile {
        let (metrics, name) = (means.metrics, listed.definition.name)
        let issuer = TokenIssuer(
            transport: means.client.transport, time: means.time, version: Version.number,
            observe: { call in
                metrics.upstreamRequest(call.upstream, .issueToken, call.outcome, call.duration)
                if call.attempt > 1 { metrics.upstreamRetry(call.upstream) }
                for allowance in call.quota.allowances {
                    metrics.issuerQuota(profile: name, allowance.bucket, remaining: allowance.remaining)
                }
            })
        let source = IssuerSource(
            profile: listed.definition, settings: means.settings, files: means.files, secrets: means.secrets,
            issuer: issuer, budget: listed.budget)
        return TokenProfile(
            name: name, issuer: source.tier, definition: listed.definition.identity, revision: listed.revision)
    }
}
