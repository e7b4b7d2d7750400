package import LatchkeyCore

extension WatchedBroker {
    /// One line of `--json`. Rates are per second, times in seconds; what is unknown is null.
    package var json: JSON {
        let figures = BrokerFigures([self])
        let health = failure == nil ? reading?.health : nil
        var members = figures.json
        members["url"] = .string(url)
        members["time"] = reading.map { .string(RFC3339.format($0.time.wall, milliseconds: true)) } ?? .null
        members["status"] = .string(status)
        members["failure"] = failure.map { .string($0) } ?? .null
        members["version"] = health.map { .string($0.version) } ?? .null
        members["uptime_seconds"] = health.map { .integer($0.uptime) } ?? .null
        members["secrets_backend"] = health.map { .string($0.backend) } ?? .null
        members["window_seconds"] = window.map { .number($0) } ?? .null
        let notes = failure == nil ? (reading?.notes ?? []) + (health?.faults ?? []) : []
        members["faults"] = .array(notes.map { .string($0) })
        return .object(members)
    }
}

extension BrokerFigures {
    /// The figures of ``WatchedBroker/json``.
    fileprivate var json: JSONObject {
        [
            "requests": .number(requests), "errors": .number(errors), "refused": .number(refused),
            "p99_seconds": Self.optional(high), "stale": .number(stale), "retries": .number(retries),
            "handshakes": .number(handshakes), "failed_handshakes": .number(failedHandshakes),
            "connections": Self.optional(connections), "memory_bytes": Self.optional(memory),
            "open_files": Self.optional(files), "max_files": Self.optional(maxFiles),
            "processor": Self.optional(processor),
            "hit_ratios": .object(JSONObject(hitRatios.mapValues { .number($0) })),
            "routes": .array(
                routes.map {
                    Self.row($0, "route", ["p50_seconds": Self.optional($0.median), "errors": .number($0.errors)])
                }),
            "tiers": .array(
                tiers.map {
                    Self.row(
                        $0, "tier",
                        [
                            "hits": .number($0.more[0]), "misses": .number($0.more[1]), "stale": .number($0.more[2]),
                            "errors": .number($0.errors),
                        ])
                }),
            "upstreams": .array(upstreams.map { Self.row($0, "upstream", ["errors": .number($0.errors)]) }),
            "callers": .array(
                callers.map {
                    [
                        "caller": .string($0.name), "allowed": .number($0.rate), "denied": .number($0.errors),
                        "would_deny": .number($0.more.first ?? 0),
                    ]
                }),
            "tokens": .array(
                tokens.map {
                    [
                        "profile": .string($0.profile), "state": .string($0.state),
                        "expires_in": $0.seconds.map { .integer($0) } ?? .null,
                    ]
                }),
        ]
    }

    private static func row(_ row: Row, _ name: String, _ more: JSONObject) -> JSON {
        let common: JSONObject = [
            name: .string(row.name), "rate": .number(row.rate), "p99_seconds": optional(row.high),
        ]
        return .object(common.merging(more))
    }

    private static func optional(_ number: Double?) -> JSON { number.map { .number($0) } ?? .null }
}
