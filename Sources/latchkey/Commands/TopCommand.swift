internal import ArgumentParser
internal import CSignals
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyLog
internal import LatchkeySettings
internal import LatchkeyTop

/// `latchkey top`.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watch running brokers on the terminal.",
        discussion: """
            Shows /health and /metrics of the broker at LATCHKEY_URL, of those that --url names, or of the local one. \
            The key in LATCHKEY_API_KEY needs the scope metrics, and another one for /health. Press ? for the keys. \
            Colours are off with NO_COLOR.
            """)

    @Option(help: ArgumentHelp("A broker's address; may be given several times.", valueName: "url"))
    var url: [String] = []
    @Option(help: "Seconds between two readings, 1 to 60.") var interval = 1
    @Option(help: "What tables are sorted by: rate, latency, errors or name.") var sort = "rate"
    @Flag(help: "Print one screen as text, after two readings.") var once = false
    @Flag(help: "Print one JSON object for each broker and reading, each on its line.") var json = false

    /// The most brokers of one screen.
    private static let maxBrokers = 32

    func validate() throws {
        guard (1...60).contains(interval) else { throw ValidationError("--interval must be 1 to 60") }
        guard TopSort(rawValue: sort) != nil else {
            throw ValidationError("--sort must be one of \(TopSort.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard url.count <= Self.maxBrokers else {
            throw ValidationError("--url may be given \(Self.maxBrokers) times at most")
        }
        for text in url where BrokerURL(text) == nil {
            throw ValidationError("--url must be an http or https URL, or unix:/path")
        }
    }

    func run() async throws {
        CommandEnvironment.harden()
        try await finishing {
            let settings = try CommandEnvironment.settings(need: .broker)
            latchkey_crash_install(Version.number, LoggedEvent.crashed.rawValue, 0)
            let probes = try probes(settings)
            var model = TopModel(
                urls: probes.map { "\($0.connection.url)" }, interval: interval, now: Timing.system.now().wall)
            model.sort = TopSort(rawValue: sort) ?? .rate
            if json { return try await printJSON(probes, model) }
            if once { return try await printOnce(probes, model) }
            guard FullScreen.isPossible else {
                throw CommandFailure(.usage, "top needs a terminal: use --once or --json without one")
            }
            var live = LiveTop(probes, model, isColoured: Terminal.outputIsColoured)
            try await live.run()
        }
    }

    /// The brokers, with one client for all of them.
    private func probes(_ settings: Settings) throws -> [BrokerProbe] {
        let first = try BrokerConnection(settings, defaultURL: "http://127.0.0.1:8700")
        guard !url.isEmpty, let key = settings.apiKey else { return [BrokerProbe(connection: first)] }
        return url.compactMap { BrokerURL($0) }.map {
            BrokerProbe(connection: BrokerConnection($0, key: key, client: first.client))
        }
    }

    /// One screen as text, with all rows.
    private func printOnce(_ probes: [BrokerProbe], _ model: TopModel) async throws {
        var model = model
        var worst = await Self.read(probes, &model.brokers)
        await Timing.system.sleep(.current + .seconds(interval))
        worst = await Self.read(probes, &model.brokers) ?? worst
        model.now = Timing.system.now().wall
        let columns = CommandEnvironment.variables["COLUMNS"].flatMap { Int($0) }
        let size = TopSize(columns: FullScreen.size?.columns ?? columns ?? 80, rows: nil)
        for line in TopLayout.lines(model, size) { try Terminal.deliver(Array("\(line.text)\n".utf8)) }
        if let worst { throw ExitCode(worst.rawValue) }
    }

    /// One line for each broker and reading; with `--once` of the second reading alone, whose rates are of one interval.
    private func printJSON(_ probes: [BrokerProbe], _ model: TopModel) async throws {
        var brokers = model.brokers
        var readings = 0
        while true {
            let begun = MonotonicTime.current
            let worst = await Self.read(probes, &brokers)
            readings += 1
            if !once || readings == 2 {
                for broker in brokers { try Terminal.deliver(broker.json.bytes() + [0x0A]) }
            }
            if once, readings == 2 {
                guard let worst else { return }
                throw ExitCode(worst.rawValue)
            }
            await Timing.system.sleep(begun + .seconds(interval))
        }
    }

    /// Reads all brokers at once.
    /// - Returns: the exit code of a failure; nil if each could be read.
    private static func read(_ probes: [BrokerProbe], _ brokers: inout [WatchedBroker]) async -> ExitStatus? {
        let results = await probes.concurrentMap { probe -> Result<BrokerReading, BrokerProbe.Failure> in
            do throws(BrokerProbe.Failure) {
                return .success(try await probe.read())
            } catch {
                return .failure(error)
            }
        }
        var status: ExitStatus?
        for (index, result) in results.enumerated() {
            switch result {
            case .success(let reading): brokers[index].read(reading)
            case .failure(let failure):
                brokers[index].failed(failure.reason)
                status = failure.status
            }
        }
        return status
    }
}
