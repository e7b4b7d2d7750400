internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// `latchkey tiers`.
struct TiersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tiers", abstract: "Call each tier once, and print how long it took.",
        discussion: """
            Calls the upstreams directly, for the default profile: the shared tier for the shared token, the issuer \
            for a new token, which is discarded, then this command's own memory, which has the token from the shared \
            tier. The issuer is always asked; the request counts against its quota.
            """)

    @Flag(help: "Print one JSON array.") var json = false

    /// The result of calling one tier.
    private struct Line {
        let tier: String
        let milliseconds: Double
        let outcome: String

        var isError: Bool { outcome.hasPrefix("error") }
    }

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .upstreams)
            let access = try await DirectAccess(settings)
            let lines = await measure(settings, access)
            if json {
                Terminal.print(
                    JSON.array(
                        lines.map {
                            [
                                "tier": .string($0.tier), "milliseconds": .number($0.milliseconds),
                                "outcome": .string($0.outcome),
                            ]
                        }
                    ).text)
            } else {
                for line in lines {
                    let name = line.tier + String(repeating: " ", count: max(1, 16 - line.tier.utf8.count))
                    let outcome = Terminal.styled(line.outcome, line.isError ? .bad : .good)
                    Terminal.print("\(name) \((line.milliseconds * 1000).rounded() / 1000) ms  \(outcome)")
                }
            }
            if lines.contains(where: \.isError) {
                throw ExitCode(ExitStatus.unavailable.rawValue)
            }
        }
    }

    private func measure(_ settings: Settings, _ access: DirectAccess) async -> [Line] {
        var lines: [Line] = []
        if let shared = access.upstreams.sharedTier {
            lines.append(
                await time(shared.tier.name) { () async throws(UpstreamFault) in
                    let view = try await shared.read("default", access.deadline)
                    return Self.isUsable(view, from: shared.tier, settings) ? "hit" : "miss"
                })
        }
        let isShared = lines.last?.outcome == "hit"
        if let issuer = access.upstreams.issuers.first {
            // Calls the issuer directly, because the token broker would return the shared token.
            lines.append(
                await time(issuer.tier.name) { () async throws(UpstreamFault) in
                    _ = try await issuer.issue("default", .expiry, access.deadline)
                    return "hit"
                })
        }
        // Reads the memory tier only if a token is shared; otherwise this would request a second token from the issuer.
        if isShared { _ = try? await access.upstreams.tokens.token(ProfileID(0), deadline: access.deadline) }
        let memory = await time("memory") { () async throws(UpstreamFault) in
            access.upstreams.tokens.cached(ProfileID(0), now: Timing.system.now()) == nil ? "miss" : "hit"
        }
        await access.upstreams.tokens.drain(by: access.deadline)
        return [memory] + lines
    }

    /// Whether a broker would serve the shared token.
    private static func isUsable(
        _ view: SharedTokenSnapshot, from tier: Tier, _ settings: Settings
    ) -> Bool {
        let now = view.storeTime(Timing.system.now())
        let buffer = ExpiryBuffer(settings.tokenExpiryBuffer)
        guard case .usable = view.pair?.validity(from: tier, now: now, buffer: buffer) else { return false }
        return true
    }

    private func time(_ tier: String, _ call: () async throws(UpstreamFault) -> String) async -> Line {
        let started = MonotonicTime.current
        let outcome: String
        do throws(UpstreamFault) { outcome = try await call() } catch { outcome = "error: \(error.summary)" }
        return Line(tier: tier, milliseconds: (MonotonicTime.current - started).inSeconds * 1000, outcome: outcome)
    }
}
