internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import LatchkeyUpstream
internal import Logging

/// Turns given texts into values, collecting what is wrong.
struct SettingsReader {
    let sources: SettingSources
    var problems: [String]

    init(sources: SettingSources) {
        self.sources = sources
        problems = sources.problems
    }

    func text(_ name: SettingName) -> String? { sources.given[name]?.text }

    /// The items of a comma list without the blanks around them. Blanks inside an item are a part of it.
    private func list(_ name: SettingName) -> [String] {
        (text(name) ?? "").split(separator: ",").map {
            String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }

    mutating func refuse(_ name: SettingName, _ why: String) { problems.append("\(name.rawValue): \(why)") }

    mutating func number(_ name: SettingName, _ bounds: ClosedRange<Int>) -> Int? {
        guard let text = text(name) else { return nil }
        if let number = Int(text), bounds.contains(number) { return number }
        refuse(name, "must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        return nil
    }

    mutating func seconds(_ name: SettingName, _ bounds: ClosedRange<Int>) -> Duration {
        .seconds(number(name, bounds) ?? bounds.lowerBound)
    }

    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: SettingName, _ standard: Choice, later: Set<String> = []
    ) -> Choice {
        guard let text = text(name) else { return standard }
        if let choice = Choice(rawValue: text) { return choice }
        let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        let isLater = later.contains { text == $0 || text.hasPrefix("\($0):") }
        refuse(name, isLater ? "not supported by this version; it knows \(all)" : "must be one of \(all)")
        return standard
    }

    // MARK: Sections

    mutating func readServer(
        _ settings: inout Settings, need: Settings.Need, processors: Int, inherited: Settings.Inherited
    ) {
        settings.listen = places(need, inherited)
        settings.url = brokerURL()
        settings.maxConnections = number(.maxConnections, 1...1_000_000) ?? 1
        readDrain(&settings)
        settings.workers = number(.workers, 1...256) ?? processors
        settings.logFormat = choice(.logFormat, .json)
        if let level = text(.logLevel).flatMap({ Logger.Level(rawValue: $0.lowercased()) }) {
            settings.logLevel = level
        } else {
            refuse(.logLevel, "must be trace, debug, info, notice, warning, error or critical")
        }
        readKey(&settings, need: need)
    }

    /// The delay is a part of the timeout: without time left for the drain, connections would be cut.
    private mutating func readDrain(_ settings: inout Settings) {
        guard let delay = number(.drainDelay, 0...3600), let timeout = number(.drainTimeout, 0...3600) else { return }
        settings.drainDelay = .seconds(delay)
        settings.drainTimeout = .seconds(timeout)
        guard delay > 0, delay >= timeout else { return }
        refuse(.drainDelay, "must be smaller than \(SettingName.drainTimeout.rawValue), of which it is a part")
    }

    private mutating func readKey(_ settings: inout Settings, need: Settings.Need) {
        guard let text = text(.apiKey) else {
            if need == .server { refuse(.apiKey, "is required; make one with: openssl rand -hex 32") }
            return
        }
        let key = Secret(text)
        if let weakness = KeyStrength.weakness(of: key, beyondLoopback: need == .server && settings.isBeyondLoopback) {
            return problems.append("\(SettingName.apiKey.rawValue) \(weakness)")
        }
        settings.apiKey = key
        if need == .server, settings.isBeyondLoopback {
            settings.warnings.append("plain HTTP beyond loopback: keys and secrets cross the network unencrypted")
        }
    }

    private mutating func places(_ need: Settings.Need, _ inherited: Settings.Inherited) -> [ListenPlace] {
        let items = list(.listen)
        if items.isEmpty { refuse(.listen, "names no address") }
        var places: [ListenPlace] = []
        for item in items where item != Self.socketActivation {
            if let place = ListenPlace(setting: item) {
                places.append(place)
            } else {
                refuse(
                    .listen,
                    "not an address: \(item); use host:port with localhost or a numeric host, [v6]:port, unix:/path or "
                        + Self.socketActivation)
            }
        }
        // Only the service itself is started by a socket's unit.
        guard need == .server, items.contains(Self.socketActivation) else { return places }
        do throws(InheritedSocketError) {
            let sockets = try inherited()
            if sockets.isEmpty {
                refuse(.listen, "systemd has passed no socket: start the service by its .socket unit")
            }
            places += sockets.map { .inherited($0) }
        } catch {
            refuse(.listen, "\(error)")
        }
        return places
    }

    /// The item of `LATCHKEY_LISTEN` for the sockets that systemd passes.
    private static let socketActivation = "systemd"

    private mutating func brokerURL() -> BrokerURL? {
        guard let text = text(.url) else { return nil }
        guard let url = BrokerURL(text) else {
            refuse(
                .url,
                "must be http://host:port, https://host:port or unix:/path, the path absolute and at most 107 bytes")
            return nil
        }
        return url
    }

    mutating func readSecrets(_ settings: inout Settings) {
        settings.prefix = prefix()
        settings.backend = choice(.secretsBackend, .parameterStore)
        settings.secretTTL = seconds(.secretTTL, 0...86_400)
        settings.negativeTTL = seconds(.negativeTTL, 0...86_400)
        settings.staleTTL = seconds(.staleTTL, 0...604_800)
        settings.ssmMaxTPS = number(.ssmMaxTPS, 1...10_000) ?? 1
        for key in list(.prefetch) {
            if SecretKey(key) == nil { refuse(.prefetch, "not a secret's key: letters, digits and . - _ / only") }
            settings.prefetch.append(key)
        }
    }

    /// Parameter Store's rules for names (PutParameter, AWS Systems Manager API reference), so that a bad prefix is
    /// found here and not as an access denied.
    private mutating func prefix() -> String {
        var prefix = text(.prefix) ?? ""
        while prefix.count > 1, prefix.hasSuffix("/") { prefix.removeLast() }
        let parts = prefix.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let allowed: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) }
        let isReserved =
            parts.first.map { $0.lowercased().hasPrefix("aws") || $0.lowercased().hasPrefix("ssm") } ?? true
        if !prefix.hasPrefix("/") || parts.contains(where: { $0.isEmpty || !$0.allSatisfy(allowed) }) {
            refuse(.prefix, "must be a path like /your-app/dev: letters, digits and . - _ between slashes")
        } else if isReserved {
            refuse(.prefix, "must not begin with aws or ssm: Parameter Store reserves them")
        } else if parts.count > 12 || prefix.utf8.count > 512 {
            refuse(.prefix, "is too deep or too long: 12 levels and 512 characters at the most")
        }
        return prefix
    }

    mutating func readTokens(_ settings: inout Settings) {
        settings.tokenExpiryBuffer = seconds(.tokenExpiryBuffer, 0...86_400)
        if let tier = text(.sharedTier).flatMap({ Settings.SharedTierChoice($0) }) {
            settings.sharedTier = tier
        } else {
            refuse(.sharedTier, "must be parameter-store, dynamodb:<table> or none")
        }
        settings.tokenParameterTier = tokenParameterTier()
        settings.tokenKMSKey = tokenKMSKey()
        settings.upstreamTimeout = seconds(.upstreamTimeout, 1...60)
        settings.issueBudget = number(.issueBudget, 1...100_000) ?? 1
        do throws(TokenEndpoint.Rejection) {
            if let domain = text(.auth0Domain) { _ = try TokenEndpoint.auth0(domain: domain) }
        } catch {
            refuse(.auth0Domain, "\(error)")
        }
        do throws(TokenEndpoint.Rejection) {
            if let url = text(.auth0TokenURL) { settings.tokenEndpoint = try TokenEndpoint(url) }
        } catch {
            refuse(.auth0TokenURL, "\(error)")
        }
    }

    private mutating func tokenParameterTier() -> ParameterTierChoice {
        let choices: [ParameterTierChoice] = [.standard, .advanced, .intelligentTiering]
        guard let text = text(.tokenParameterTier) else { return .standard }
        if let choice = choices.first(where: { $0.rawValue.hasSameBytes(as: text) }) { return choice }
        refuse(.tokenParameterTier, "must be one of \(choices.map(\.rawValue).joined(separator: ", "))")
        return .standard
    }

    private mutating func tokenKMSKey() -> String? {
        guard let text = text(.tokenKMSKey) else { return nil }
        if ParameterWrite.isKeyID(text) { return text }
        refuse(.tokenKMSKey, "must be a KMS key's id, ARN or alias, such as alias/orders")
        return nil
    }

    mutating func readProfiles(_ settings: inout Settings, _ readFile: (String) -> String?) {
        guard let path = text(.profilesFile) else { return }
        guard let content = readFile(path) else { return refuse(.profilesFile, "cannot read \(path)") }
        let file = ProfilesFile(content)
        for problem in file.problems { refuse(.profilesFile, problem) }
        settings.profiles = file.profiles
        settings.profilesPath = path
        settings.profilesText = Secret(FileReader.withoutLineEnd(Array(content.utf8)))
    }

    /// - Returns: what is wrong, which matters to those alone who call upstreams.
    func readProxies(_ settings: inout Settings) -> [String] {
        var problems: [String] = []
        func server(_ name: SettingName) -> ProxyServer? {
            guard let text = text(name) else { return nil }
            do throws(ProxyServer.ParseError) {
                return try ProxyServer(text)
            } catch {
                problems.append("\(name.rawValue): \(error)")
                return nil
            }
        }
        settings.proxies = ProxySettings(
            https: server(.httpsProxy), http: server(.httpProxy), bypass: ProxyBypass(text(.noProxy) ?? ""))
        return problems
    }

    mutating func refuseReserved() {
        for name in SettingName.allCases where name.row.isReserved && text(name) != nil {
            refuse(name, "not supported by this version; unset it")
        }
    }
}
