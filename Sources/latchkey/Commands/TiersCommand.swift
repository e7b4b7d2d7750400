internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import LatchkeyUpstream

/// `latchkey tiers`.
struct TiersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tiers", abstract: "Call each tier once and say how long it took.",
        discussion: """
            Goes to the upstreams directly: the shared tier for the shared token, the issuer for a new one, then \
            memory. The issuer is really asked, and counts it.
            """)

    @Flag(help: "Print one JSON array.") var json = false

    /// One tier's call.
    private struct Line {
        let tier: String
        let milliseconds: Double
        let outcome: String
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
                    Terminal.print("\(name) \((line.milliseconds * 1000).rounded() / 1000) ms  \(line.outcome)")
                }
            }
            if lines.contains(where: { $0.outcome.hasPrefix("error") }) {
                throw ExitCode(ExitStatus.unavailable.rawValue)
            }
        }
    }

    private func measure(_ settings: Settings, _ access: DirectAccess) async -> [Line] {
        var lines: [Line] = []
        if let shared = access.upstreams.sharedTier {
            lines.append(
                await time(shared.tier.name) { () async throws(UpstreamFault) in
                    try await shared.read("default", access.deadline).pair == nil ? "miss" : "hit"
                })
        }
        let issuer = await time((settings.profiles.first ?? .standard).tier.name) { () async throws(UpstreamFault) in
            _ = try await access.upstreams.tokens.token(
                ProfileID(0), TokenAsk(refresh: true), deadline: access.deadline)
            return "hit"
        }
        let memory = await time("memory") { () async throws(UpstreamFault) in
            access.upstreams.tokens.cached(ProfileID(0), now: TimeSource.system.now()) == nil ? "miss" : "hit"
        }
        await access.upstreams.tokens.drain(by: access.deadline)
        return [memory] + lines + [issuer]
    }

    private func time(_ tier: String, _ call: () async throws(UpstreamFault) -> String) async -> Line {
        let started = MonotonicTime.current
        let outcome: String
        do throws(UpstreamFault) { outcome = try await call() } catch { outcome = "error: \(error.summary)" }
        return Line(tier: tier, milliseconds: (MonotonicTime.current - started).inSeconds * 1000, outcome: outcome)
    }
}
