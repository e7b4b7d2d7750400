internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyService
internal import LatchkeyTop

/// Reads `/health` and `/metrics` of one broker.
struct BrokerProbe: Sendable {
    /// Timeout of one request. A broker that takes longer is shown as unreachable.
    static let timeout: Duration = .seconds(5)

    /// Why a broker could not be read, and the exit code of a command that needs it.
    struct Failure: Error {
        let status: ExitStatus
        let reason: String
    }

    let connection: BrokerConnection

    /// - Throws: if neither can be read. A key that opens one of them is enough.
    func read() async throws(Failure) -> BrokerReading {
        let health = try await get("/health", accept: "application/json")
        let metrics = try await get("/metrics", accept: "text/plain")
        let now = Timing.system.now()
        let report = (try? JSON(parsing: health.body)).flatMap { BrokerHealth($0) }
        let page = metrics.status == 200 ? MetricsPage(metrics.body) : nil
        guard report != nil || page != nil else {
            let failure = BrokerConnection.failure(health.status == 200 ? metrics : health)
            throw Failure(status: failure.status, reason: failure.message)
        }
        var notes: [String] = []
        if report == nil { notes.append("/health cannot be read: \(BrokerConnection.failure(health).message)") }
        if page == nil { notes.append("/metrics cannot be read: \(BrokerConnection.failure(metrics).message)") }
        if let page, page.isTruncated || page.unreadable > 0 {
            notes.append("/metrics is not that of a broker, or in part")
        }
        return BrokerReading(time: now, health: report, metrics: page, notes: notes)
    }

    private func get(_ target: String, accept: String) async throws(Failure) -> HTTPResponse {
        do throws(HTTPClientError) {
            return try await connection.get(target, accept: accept, timeout: Self.timeout)
        } catch {
            throw Failure(status: .unavailable, reason: "cannot be reached [\(error.code)]")
        }
    }
}
