internal import LatchkeyBroker
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyNet
internal import Logging

extension SettingsReader {
    /// Reads where the broker listens and how it runs.
    mutating func readServer(
        _ settings: inout Settings, need: Settings.Need, processors: Int, inherited: Settings.Inherited
    ) {
        settings.listen = listenPlaces(need, inherited)
        settings.probeListen = probePlace()
        settings.refuseForwarded = choice(.refuseForwarded, .loopbackFronts)
        settings.url = brokerURL()
        settings.isConfined = flag(.confine)
        settings.maxConnections = number(.maxConnections) ?? 1
        readDrain(&settings)
        settings.workers = number(.workers) ?? processors
        settings.logFormat = choice(.logFormat, .json)
        settings.logLevel = logLevel()
        readTLS(&settings)
        readUnixSockets(&settings)
        readKey(&settings, need: need)
        if need == .server { warnOfPlainHTTP(&settings) }
    }

    private mutating func logLevel() -> Logger.Level {
        if let level = text(.logLevel).flatMap({ Logger.Level(rawValue: $0.lowercased()) }) { return level }
        reject(.logLevel, "must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        return .info
    }

    /// The delay must leave some of the timeout, otherwise the drain would cut connections at once.
    private mutating func readDrain(_ settings: inout Settings) {
        guard let delay = number(.drainDelay), let timeout = number(.drainTimeout) else { return }
        settings.drainDelay = .seconds(delay)
        settings.drainTimeout = .seconds(timeout)
        guard delay > 0, delay >= timeout else { return }
        reject(.drainDelay, "must be smaller than \(SettingName.drainTimeout.rawValue), which includes the delay")
    }

    private mutating func readKey(_ settings: inout Settings, need: Settings.Need) {
        guard let text = text(.apiKey) else {
            if need == .server, self.text(.callersFile) == nil {
                reject(
                    .apiKey,
                    "is required without \(SettingName.callersFile.rawValue); make one with: openssl rand -hex 32")
            }
            return
        }
        let key = Secret(text)
        if let weakness = KeyStrength.weakness(of: key, beyondLoopback: need == .server && settings.isBeyondLoopback) {
            return problems.append("\(SettingName.apiKey.rawValue) \(weakness)")
        }
        settings.apiKey = key
    }

    private func warnOfPlainHTTP(_ settings: inout Settings) {
        if settings.tls == nil, settings.listen.contains(where: { !$0.isLoopback }) {
            settings.warnings.append("plain HTTP beyond loopback: keys and secrets cross the network unencrypted")
        } else if settings.probeListen.map({ !$0.isLoopback }) ?? false {
            settings.warnings.append(
                "the probe listener is plain HTTP beyond loopback: a key sent to its /metrics crosses the network unencrypted"
            )
        }
    }

    // MARK: Addresses

    /// The item of `LATCHKEY_LISTEN` for the sockets that systemd passes.
    private static let socketActivation = "systemd"

    private mutating func listenPlaces(_ need: Settings.Need, _ inherited: Settings.Inherited) -> [ListenAddress] {
        let items = list(.listen)
        if items.isEmpty { reject(.listen, "has no address: give at least one, such as 127.0.0.1:8700") }
        var places: [ListenAddress] = []
        for item in items where item != Self.socketActivation {
            if let place = ListenAddress(setting: item) {
                places.append(place)
            } else {
                reject(
                    .listen,
                    "not an address: \(item); use host:port with localhost or a numeric host, [v6]:port, unix:/path or "
                        + Self.socketActivation)
            }
        }
        // systemd passes sockets only to the service itself.
        guard need == .server, items.contains(Self.socketActivation) else { return places }
        do throws(InheritedSocketError) {
            let sockets = try inherited()
            if sockets.isEmpty {
                reject(.listen, "systemd has passed no socket: start the service through its .socket unit")
            }
            places += sockets.map { .inherited($0) }
        } catch {
            reject(.listen, "\(error)")
        }
        return places
    }

    private mutating func probePlace() -> ListenAddress? {
        guard let text = text(.probeListen) else { return nil }
        if let place = ListenAddress(setting: text) { return place }
        reject(
            .probeListen,
            "not an address: \(text); use one of host:port with localhost or a numeric host, [v6]:port and unix:/path")
        return nil
    }

    private mutating func brokerURL() -> BrokerURL? {
        guard let text = text(.url) else { return nil }
        if let url = BrokerURL(text) { return url }
        reject(
            .url,
            "must be http://host:port, https://host:port or unix:/path with an absolute path of at most "
                + "\(SocketAddress.maxPathBytes) bytes")
        return nil
    }
}
