import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyMetrics
import LatchkeyTestSupport
import LatchkeyUpstream
import Logging
import Synchronization

/// The peers of a scenario, and what the chain asked them.
final class CredentialPeers: Sendable {
    struct Seen {
        var asked: [String] = []
        var requests: [String: HTTPRequest] = [:]
        var written: [String: [UInt8]] = [:]
        var words: [String] = []
        var maxTimeout: Duration = .zero
    }

    let clock = ManualClock()
    let seen = Mutex(Seen())
    private let scenario: CredentialScenario

    init(_ scenario: CredentialScenario) { self.scenario = scenario }

    func chain() -> CredentialChain {
        let environment = scenario.texts("environment").merging(["HOME": "/h"]) { own, _ in own }
        let files = scenario.texts("files")
        let regional = environment.merging(["AWS_REGION": "us-east-1"]) { own, _ in own }
        let time = Timing(now: clock.source.now, sleep: { _ in }, jitter: { 0.5 })
        var context = CredentialContext(
            environment: environment,
            configuration: AWSConfiguration(environment: regional) { SharedFileContent(files[$0]) },
            transport: { request, origin, deadline async throws(HTTPClientError) in
                try self.answer(request, origin, deadline)
            }, metrics: Metrics(version: "t", profiles: []), time: time, clockSkew: ClockSkew(), userAgent: "t",
            readFile: { files[$0] }, readSharedFile: { SharedFileContent(files[$0]) },
            writeFile: { bytes, path in
                self.seen.withLock { $0.written[path] = bytes }
                return true
            })
        let output = scenario.row["process"]?["output"]?.string
        context.run = { child in
            self.seen.withLock { $0.words = child.words }
            return output.map { .success(Array($0.utf8)) } ?? .failure(.notStarted(errno: 2))
        }
        let sources = context
        return CredentialChain(sources.providers, time: time, log: Logger(label: "test"))
    }

    // MARK: Peers

    private func answer(
        _ request: HTTPRequest, _ origin: Origin, _ deadline: MonotonicTime
    ) throws(HTTPClientError) -> HTTPResponse {
        let line =
            "\(request.method) \(origin.scheme.rawValue)://\(origin.authority)\(request.target)\(Self.form(request))"
        seen.withLock { seen in
            seen.asked.append(line)
            seen.requests[line] = request
            seen.maxTimeout = max(seen.maxTimeout, deadline - clock.now.monotonic)
        }
        guard let answer = scenario.row["answers"]?[line] else { throw .connectFailed(errno: 111) }
        var fields: HTTPFields = [:]
        fields["Date"] = answer["date"]?.string
        let body =
            answer["sts"]?.string.map { Array(Self.stsAnswer($0, answer["id"]?.string ?? "").utf8) }
            ?? answer["body"].map { $0.string.map { Array($0.utf8) } ?? $0.bytes() } ?? []
        return HTTPResponse(status: Int(answer["status"]?.integer ?? 200), fields: fields, body: body)
    }

    /// The content of a form, and the access key id that signed it.
    private static func form(_ request: HTTPRequest) -> String {
        guard request.fields["Content-Type"]?.hasPrefix("application/x-www-form-urlencoded") ?? false,
            let pairs = PercentEncoding.pairs(request.body)
        else { return "" }
        let form = Dictionary(pairs.map { ($0.name, $0.value) }) { $1 }
        var text = " \(form["Action"] ?? "") \(form["RoleArn"] ?? "") as \(form["RoleSessionName"] ?? "")"
        if let authorization = request.fields["Authorization"] {
            let id = authorization.split(separator: "Credential=").last?.prefix { $0 != "/" } ?? ""
            text += " by \(id)"
        }
        if let token = form["WebIdentityToken"] { text += " token \(token)" }
        if let id = form["ExternalId"] { text += " external \(id)" }
        if let seconds = form["DurationSeconds"] { text += " seconds \(seconds)" }
        return text
    }

    private static func stsAnswer(_ operation: String, _ id: String) -> String {
        """
        <\(operation)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <\(operation)Result>
            <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/a/b</Arn></AssumedRoleUser>
            <Credentials>
              <AccessKeyId>\(id)</AccessKeyId><SecretAccessKey>s/\(id)</SecretAccessKey>
              <SessionToken>t/\(id)</SessionToken><Expiration>2023-11-15T04:13:20Z</Expiration>
            </Credentials>
          </\(operation)Result>
          <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
        </\(operation)Response>
        """
    }
}
