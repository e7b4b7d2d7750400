internal import LatchkeyHTTP

extension SettingsReader {
    /// Reads the proxies.
    /// - Returns: what is wrong. It matters only to commands that call upstreams.
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
}
