internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyService
internal import LatchkeySettings

/// `latchkey loadtest`.
struct LoadtestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loadtest", abstract: "Request tokens from a running broker, and report latencies and errors.",
        discussion: """
            Exit code 1 unless every request got a token and all got the same one. Uses the broker at LATCHKEY_URL, \
            or the local one.
            """)

    @Option(help: "Number of requests, 1 to 1000000.") var requests = 50
    @Option(help: "Number of concurrent requests, 1 to 1000.") var concurrency = 50
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (1...1_000_000).contains(requests) else { throw ValidationError("--requests must be 1 to 1000000") }
        guard (1...1000).contains(concurrency) else { throw ValidationError("--concurrency must be 1 to 1000") }
    }

    func run() async throws {
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .broker)
            let broker = try BrokerConnection(settings, defaultURL: "http://127.0.0.1:8700")
            let before = try await issuerCalls(broker)
            let started = MonotonicTime.current
            let samples = await run(broker)
            let elapsed = (MonotonicTime.current - started).inSeconds
            let after = try await issuerCalls(broker)
            // If the broker was restarted meanwhile, its counter started again at 0.
            let calls = before.flatMap { before in after.map { max(0, $0 - before) } }
            let report = LoadReport(samples, elapsed: elapsed, issuerCalls: calls)
            Terminal.print(json ? report.json.text : report.text)
            if !report.isGood { throw ExitCode(ExitStatus.failed.rawValue) }
        }
    }

    /// Runs `concurrency` callers. Each sends its next request when it has its response.
    private func run(_ broker: BrokerConnection) async -> [LoadReport.Sample] {
        let progress = SharedProgress("requests", of: requests)
        defer { progress.end() }
        return await withTaskGroup(of: [LoadReport.Sample].self) { group in
            for caller in 0..<min(concurrency, requests) {
                let share = requests / concurrency + (caller < requests % concurrency ? 1 : 0)
                group.addTask {
                    var samples: [LoadReport.Sample] = []
                    for _ in 0..<share {
                        samples.append(await Self.ask(broker))
                        progress.step()
                    }
                    return samples
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    private static func ask(_ broker: BrokerConnection) async -> LoadReport.Sample {
        let started = MonotonicTime.current
        var sample = LoadReport.Sample(seconds: 0, digest: nil, tier: nil, error: nil)
        do throws(HTTPClientError) {
            let response = try await broker.get("/token")
            let body = try? JSON(parsing: response.body)
            if response.status == 200, let token = body?["access_token"]?.string {
                sample.digest = SHA256.hash(token).hex
                sample.tier = response.fields["X-Latchkey-Tier"]
            } else {
                sample.error = body?["code"]?.string ?? "http_\(response.status)"
            }
        } catch {
            sample.error = error.code
        }
        sample.seconds = (MonotonicTime.current - started).inSeconds
        return sample
    }

    /// The broker's counter of successful token requests to its issuers.
    private func issuerCalls(_ broker: BrokerConnection) async throws -> Int? {
        guard let response = try? await broker.get("/metrics", accept: "text/plain"), response.status == 200 else {
            return nil
        }
        return try BrokerMetrics(response.body).count(
            "latchkey_upstream_requests_total", ["operation": "issue_token"])
    }
}
