internal import LatchkeyBroker
internal import LatchkeyConfine
internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyService
internal import LatchkeySettings
internal import LatchkeyUpstream

/// Checks everything that the broker depends on, in the order of dependence. Changes nothing. A check that an earlier
/// failure makes pointless is skipped.
struct Doctor {
    let settings: Settings
    /// Whether to request tokens from the issuers.
    let asksIssuers: Bool

    /// Timeout of one check. Calls are rate-limited by `LATCHKEY_SSM_MAX_TPS`, so a call may wait for its turn and
    /// again after being throttled. That wait must not become a finding.
    private var timeout: Duration { max(settings.upstreamTimeout * 2, .seconds(10)) }

    func examine() async throws -> Diagnosis {
        let access = try await DirectAccess(settings)
        defer { access.upstreams.shutdown() }
        let client = access.upstreams.aws
        var diagnosis = Diagnosis(settingsFindings)
        let endpoints = EndpointCheck(
            client: client, configuration: settings.aws, proxies: settings.proxies, timeout: timeout)
        let (reached, reachable) = await endpoints.run(services + [.sts])
        diagnosis.findings += reached.filter { $0.subject != AWSService.sts.name || $0.severity == .fine }
        let who = await IdentityCheck(client: client, timeout: timeout).run()
        diagnosis.findings.append(who.finding)
        if let source = Self.source(access.upstreams.credentials.report) { diagnosis.findings.append(source) }
        let usesTokens = await usesTokens(access)
        if who.canSign {
            let looked = usesTokens ? self : withoutTokens
            diagnosis.findings += await looked.stores(access.upstreams, who.identity, reachable)
        } else {
            diagnosis.findings.append(
                .skipped(.permission, "all", "skipped: there are no AWS credentials"))
        }
        if !usesTokens {
            diagnosis.findings.append(
                .skipped(
                    .issuer, "default",
                    "skipped: no tokens are configured (no AUTH0_* settings, no such fields in the blob, no profiles)")
            )
        } else if asksIssuers {
            let check = IssuerCheck(
                settings: settings, issuers: access.upstreams.issuers, secrets: access.upstreams.secrets,
                timeout: timeout)
            diagnosis.findings += await check.run()
        } else {
            diagnosis.findings.append(.skipped(.issuer, "all", "skipped: --no-token"))
        }
        if settings.url != nil { diagnosis.findings.append(await broker()) }
        return diagnosis
    }

    /// Whether this setup has tokens, as ``ServiceUse`` decides after the blob has been read. If the blob cannot be
    /// read, tokens are assumed.
    private func usesTokens(_ access: DirectAccess) async -> Bool {
        let use = access.upstreams.use
        guard !use.parts.tokens, let key = SecretKey(SettingName.auth0Domain.rawValue) else { return true }
        await access.readKept()
        do throws(UpstreamFault) {
            _ = try await access.upstreams.secrets.secret(SecretQuery(key), deadline: .current + timeout)
            return true
        } catch {
            return error.reason != .notFound || use.parts.tokens
        }
    }

    /// The same for a setup with secrets only: the shared tier and missing fields of the blob are not checked.
    private var withoutTokens: Doctor {
        var settings = settings
        settings.sharedTier = .none
        settings.profiles = []
        return Doctor(settings: settings, asksIssuers: false)
    }

    /// Which credential provider answered and why those before it did not; nil if none was asked.
    private static func source(_ report: CredentialReport) -> Finding? {
        guard !report.entries.isEmpty else { return nil }
        guard let answered = report.answered else {
            return .warning(
                .credentials, "source", "no source has credentials; \(report.failureSummary)",
                remedy: "configure one of these sources")
        }
        let others = report.failureSummary.isEmpty ? "" : "; not from \(report.failureSummary)"
        return .fine(.credentials, "source", "\(answered.rawValue)\(others)")
    }

    /// Warnings about valid settings. Invalid settings have ended the diagnosis before.
    private var settingsFindings: [Finding] {
        var findings = settings.warnings.map {
            Finding.warning(
                .settings, "LATCHKEY_LISTEN", $0,
                remedy: "listen on loopback, or set LATCHKEY_TLS_CERT and LATCHKEY_TLS_KEY")
        }
        if let path = settings.profilesPath, SmallFile.isOpenToOthers(path) {
            findings.append(
                .warning(
                    .settings, SettingName.profilesFile.rawValue, "others can read \(path), which may hold credentials",
                    remedy: "chmod 600 \(path)"))
        }
        if let path = settings.callersPath, SmallFile.isOpenToOthers(path) {
            findings.append(
                .warning(
                    .settings, SettingName.callersFile.rawValue,
                    "others can read \(path), which says who may have what",
                    remedy: "chmod 600 \(path)"))
        }
        findings += settings.plainUpstreams.map { upstream, setting in
            .warning(
                .settings, setting, "\(upstream) \(Settings.plainUpstreamWarning)",
                remedy: "use an https:// endpoint, or one on loopback")
        }
        if findings.isEmpty {
            findings.append(.fine(.settings, "all", "valid; latchkey config shows them"))
        }
        let certificates =
            settings.tls.map { CertificateCheck(files: $0, now: Timing.system.now().wall).run() } ?? []
        let confinement = ConfinementCheck(
            isConfined: settings.isConfined,
            plan: ConfinementPlan(settings, readSharedFile: SharedFileReader.read), support: Confinement.support)
        let audit = settings.audit.map { AuditCheck(audit: $0).run() } ?? []
        return findings + certificates + audit + proxyFindings + confinement.run()
    }

    /// The proxies in force, without their credentials.
    private var proxyFindings: [Finding] {
        let proxies: [(SettingName, ProxyServer?, String)] = [
            (.httpsProxy, settings.proxies.https, "https"), (.httpProxy, settings.proxies.http, "http"),
        ]
        let except = settings.sources.given[.noProxy].map { ", except \($0.text)" } ?? ""
        return proxies.compactMap { name, proxy, scheme in
            proxy.map { .fine(.settings, name.rawValue, "\(scheme) upstreams are called through \($0)\(except)") }
        }
    }

    /// The AWS services that the broker calls.
    private var services: [AWSService] {
        var services: [AWSService] = []
        if settings.backend != .secretsManager || settings.sharedTier == .parameterStore {
            services.append(.parameterStore)
        }
        if settings.backend != .parameterStore { services.append(.secretsManager) }
        if case .dynamodb = settings.sharedTier { services.append(.dynamodb) }
        return services
    }

    private func stores(
        _ upstreams: Upstreams, _ identity: CallerIdentity?, _ reachable: Set<AWSService>
    ) async -> [Finding] {
        let place = PolicyPlace(
            region: settings.aws.region, account: identity?.account ?? PolicyPlace.anyAccount,
            prefix: settings.prefix)
        var findings: [Finding] = []
        for service in services {
            guard reachable.contains(service) else {
                findings.append(.skipped(.permission, service.name, "skipped: the service could not be reached"))
                continue
            }
            switch (service, settings.sharedTier) {
            case (.parameterStore, _):
                findings += await ParameterStoreCheck(
                    store: upstreams.parameterStore, settings: settings, place: place, timeout: timeout
                ).run()
            case (.secretsManager, _):
                findings += await SecretsManagerCheck(
                    store: upstreams.secretsManager, settings: settings, place: place, timeout: timeout
                ).run()
            case (_, .dynamodb(let table)):
                findings += await TableCheck(
                    client: upstreams.aws, table: table, settings: settings, place: place, timeout: timeout
                ).run()
            default: break
            }
        }
        return findings
    }

    /// The arguments of curl for a request to the broker.
    private static func curlArguments(_ url: BrokerURL, _ target: String) -> String {
        guard let path = url.origin.socketPath else { return "\(url)\(target)" }
        return "--unix-socket \(ShellWord.quoted(path)) http://\(url.origin.authority)\(target)"
    }

    /// The state of the broker at `LATCHKEY_URL` according to its `/health`.
    private func broker() async -> Finding {
        let url = settings.url?.description ?? ""
        do {
            let answer = try await BrokerConnection(settings).get("/health")
            let status = (try? JSON(parsing: answer.body))?["status"]?.string ?? "no status"
            guard answer.status == 200 || answer.status == 503 else { throw BrokerConnection.failure(answer) }
            guard status == "ok" else {
                return .problem(
                    exit: .unavailable, .broker, url, "its /health says \(Table.clean(status))",
                    remedy:
                        "see which tier fails and its last_error: curl -H \"Authorization: Bearer $LATCHKEY_API_KEY\" "
                        + (settings.url.map { Self.curlArguments($0, "/health") } ?? ""))
            }
            return .fine(.broker, url, "its /health says ok")
        } catch let failure as CommandFailure {
            return .problem(
                exit: failure.status, .broker, url, failure.message, remedy: "check LATCHKEY_URL and LATCHKEY_API_KEY")
        } catch {
            return .problem(
                exit: .unavailable, .broker, url, "it cannot be reached",
                remedy: "check that it is running: systemctl status latchkey")
        }
    }
}
