internal import Dispatch
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyLog
internal import LatchkeyMetrics
internal import LatchkeySettings
internal import Logging
internal import Synchronization

/// Follows the files that TLS is served with. Each pair of certificate and key is replaced whole, independent of the
/// others, and only by one that can be used. Connections that are open keep the certificate they have seen.
final class CertificateFollower: Sendable {
    private struct State: Sendable {
        var paths: TLSFiles
        var certificates: [Followed<TLSCertificate>]
        var authorities: Followed<[UInt8]>
    }

    /// The configuration in force.
    let live: LiveTLSConfiguration
    private let files: CertificateFiles
    private let state: Mutex<State>
    private let health: ReloadHealth
    private let metrics: Metrics
    private let time: Timing
    private let log: Logger
    private let queue = DispatchQueue(label: "latchkey.certificates")

    /// Reads the files for the first time.
    ///
    /// - Throws: what is wrong with them. An expired certificate is served, with a warning: a restart would otherwise turn an
    ///   expiry into an outage of those who do not look at it, and the file is replaced while the broker runs.
    init(
        _ paths: TLSFiles, files: CertificateFiles = CertificateFiles(), health: ReloadHealth, metrics: Metrics,
        time: Timing, log: Logger
    ) throws(SettingsError) {
        let first = try Self.read(paths, files)
        self.files = files
        (self.health, self.metrics, self.time, self.log) = (health, metrics, time, log)
        state = Mutex(first)
        live = LiveTLSConfiguration(
            Self.configuration(first), tickets: TLSTicketKeys(now: { time.now().monotonic }))
        follow(first)
    }

    /// Reads all files.
    ///
    /// - Throws: what is wrong with them.
    private static func read(_ paths: TLSFiles, _ files: CertificateFiles) throws(SettingsError) -> State {
        var problems: [String] = []
        var certificates: [TLSCertificate] = []
        for pair in paths.pairs {
            do throws(FileError) {
                certificates.append(try files.certificate(pair))
            } catch {
                problems.append(
                    "\(SettingName.tlsCert.rawValue): cannot use \(pair.certificate) with \(pair.key): \(error)")
            }
        }
        var authorities: [UInt8]?
        if let path = paths.clientAuthorities {
            do throws(FileError) {
                authorities = try files.authorities(path)
            } catch {
                problems.append("\(SettingName.tlsClientCA.rawValue): cannot use \(path): \(error)")
            }
        }
        guard problems.isEmpty else { throw SettingsError(lines: problems) }
        return State(
            paths: paths, certificates: certificates.map { Followed($0) }, authorities: Followed(authorities))
    }

    /// Adds the files to `/health`, and the certificates to the metrics.
    private func follow(_ state: State) {
        for pair in state.paths.pairs {
            health.follow(Self.name(pair), .certificate, source: "\(pair.certificate), \(pair.key)")
        }
        if let path = state.paths.clientAuthorities {
            health.follow(SettingName.tlsClientCA.rawValue, .certificate, source: path)
        } else {
            health.forget(SettingName.tlsClientCA.rawValue)
        }
        for (index, certificate) in state.certificates.enumerated() {
            if let certificate = certificate.value { announce(certificate, state.paths.pairs[index], at: index) }
        }
    }

    /// Serves and follows other files from now on, as many as before.
    ///
    /// - Throws: what is wrong with them. Then nothing has changed.
    func replace(with paths: TLSFiles) throws(SettingsError) {
        let next = try Self.read(paths, files)
        queue.sync {
            state.withLock { $0 = next }
            live.replace(with: Self.configuration(next))
            follow(next)
        }
        log.notice(
            .certificateChanged,
            "the certificate files have changed; new connections use them",
            metadata: ["files": "\(paths.pairs.map(\.certificate).joined(separator: ", "))"])
    }

    /// The setting, and the place in its list behind the first one.
    private static func name(_ pair: TLSFiles.Pair) -> String {
        SettingName.tlsCert.rawValue + (pair.name == "default" ? "" : " \(pair.name)")
    }

    private static func configuration(_ state: State) -> TLSServerConfiguration {
        TLSServerConfiguration(
            certificates: state.certificates.compactMap(\.value), clientAuthorities: state.authorities.value,
            clientAuthentication: state.paths.clientAuthentication)
    }

    private func announce(_ certificate: TLSCertificate, _ pair: TLSFiles.Pair, at index: Int) {
        metrics.certificate(index, from: certificate.start, until: certificate.expiry)
        guard certificate.expiry <= time.now().wall else { return }
        log.warning(
            .certificateExpired,
            "the certificate has expired, and callers will refuse it: write a valid one into its file",
            metadata: ["name": "\(Self.name(pair))", "file": "\(pair.certificate)"])
    }

    // MARK: Following

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: FollowedFiles.interval)
            if Task.isCancelled { return }
            await lookOnQueue()
        }
    }

    /// Looks twice, so that files written just before are in force when this returns.
    func refresh() async {
        await lookOnQueue()
        await time.sleep(time.now().monotonic + FollowedFiles.interval)
        await lookOnQueue()
    }

    private func lookOnQueue() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.look()
                continuation.resume()
            }
        }
    }

    /// Looks at every file once. A change is in force after two looks that agree.
    func look() {
        let paths = state.withLock { $0.paths }
        for (index, pair) in paths.pairs.enumerated() {
            let current = state.withLock { $0.certificates[index].value }
            let now = time.now().wall
            let reading = Self.reading { () throws(FileError) in
                try files.certificate(pair, current: current, now: now)
            }
            let event = state.withLock { $0.certificates[index].apply(reading) }
            if case .changed(let certificate) = event { announce(certificate, pair, at: index) }
            act(on: event, Self.name(pair), pair.certificate)
        }
        guard let path = paths.clientAuthorities else { return }
        let current = state.withLock { $0.authorities.value }
        let reading = Self.reading { () throws(FileError) in try files.authorities(path, current: current) }
        act(on: state.withLock { $0.authorities.apply(reading) }, SettingName.tlsClientCA.rawValue, path)
    }

    private static func reading<Value>(_ read: () throws(FileError) -> Value) -> Followed<Value>.Reading {
        do throws(FileError) { return .read(try read()) } catch { return .failed(error) }
    }

    private func act<Value>(on event: Followed<Value>.Event, _ name: String, _ path: String) {
        let metadata: Logger.Metadata = ["name": "\(name)", "file": "\(path)"]
        switch event {
        case .nothing: break
        case .changed:
            live.replace(with: state.withLock { Self.configuration($0) })
            health.recordSuccess(name, isChange: true)
            log.notice(
                .certificateChanged, "a certificate file has changed; new connections use it", metadata: metadata)
        case .recovered:
            health.recordSuccess(name, isChange: false)
            log.notice(
                .fileRecovered, "a followed file can be read again; its value has not changed", metadata: metadata)
        case .failing(let fault):
            health.recordFailure(name, code: fault.code)
            log.warning(
                .fileFailed,
                "a followed file cannot be used; the last good value stays in force",
                metadata: metadata.merging(["code": "\(fault.code)", "why": "\(fault)"]) { $1 })
        }
    }

    // MARK: Reporting

    /// Whether no certificate in force has expired.
    func isHealthy(_ now: WallTime) -> Bool {
        state.withLock { $0.certificates.allSatisfy { ($0.value?.expiry ?? now) > now } }
    }

    /// The certificates in force by name, for `/health`.
    func json(_ now: WallTime) -> JSON {
        let (paths, certificates) = state.withLock { ($0.paths, $0.certificates.map(\.value)) }
        let members = zip(paths.pairs, certificates).compactMap { pair, certificate -> (String, JSON)? in
            guard let certificate else { return nil }
            let members: JSON = [
                "state": certificate.expiry > now ? "valid" : "expired",
                "expires_at": .string(RFC3339.format(certificate.expiry)),
                "names": .array(certificate.names.map { .string($0) }), "source": .string(pair.certificate),
            ]
            return (pair.name, members)
        }
        return .object(JSONObject(members))
    }
}
