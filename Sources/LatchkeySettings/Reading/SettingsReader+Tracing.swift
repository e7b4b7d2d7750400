internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyUpstream

extension SettingsReader {
    /// Reads where spans are exported to (OpenTelemetry, "OpenTelemetry Protocol Exporter").
    mutating func readTracing(_ settings: inout Settings) {
        let fields = list(.tracesHeaders).compactMap { field($0) }
        guard let text = text(.tracesEndpoint) else { return }
        guard let endpoint = AWSEndpoint(text) else {
            return reject(.tracesEndpoint, "not a URL of the form http://host:port or https://host[:port][/path]")
        }
        let base = endpoint.path.hasSuffix("/") ? endpoint.path : "\(endpoint.path)/"
        settings.tracing = TracingSettings(
            origin: endpoint.origin, target: "\(base)v1/traces", fields: fields,
            service: self.text(.tracesService) ?? SettingName.tracesService.row.defaultValue ?? "")
    }

    /// A field, `name=value` with a percent-encoded value; nil if it is rejected.
    private mutating func field(_ item: String) -> (name: String, value: Secret)? {
        let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy(Grammar.isToken),
            let value = PercentEncoding.decode(parts[1].utf8), value.utf8.allSatisfy(Grammar.isFieldValue)
        else {
            // The item is a secret.
            reject(.tracesHeaders, "an item is not name=value with a percent-encoded value")
            return nil
        }
        return (String(parts[0]), Secret(value))
    }
}
