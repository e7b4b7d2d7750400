import LatchkeyAPI
import LatchkeyBroker
import LatchkeyCore
import LatchkeyLog
import LatchkeyMetrics
import LatchkeySettings

/// Prints the tables that the documentation repeats, as one JSON object: settings, routes, error codes, log events, and
/// the names of variables that run code. `Tests/EndToEnd/api/test_code_tables.py` compares them with the documentation.
@main
struct CodeTables {
    static func main() {
        let tables: JSON = [
            "settings": .array(SettingName.allCases.map(setting)),
            "backends": strings(SecretBackend.allCases.map(\.rawValue)),
            "routes": .array(RouteTable.entries.map(route)),
            "error_codes": strings(Problem.Code.allCases.map(\.rawValue)),
            "upstream_codes": .array(
                FaultCode.allCases.map { strings([$0.rawValue, $0.meaning, $0.remedy]) }),
            "log_events": strings(LoggedEvent.allCases.map(\.rawValue)),
            "code_variables": [
                "prefixes": strings(CodeVariables.prefixes),
                "suffixes": strings(CodeVariables.suffixes),
                "npm_settings": strings(CodeVariables.npmSettings.sorted()),
                "names": strings(CodeVariables.names.sorted()),
            ],
        ]
        print(tables.text)
    }

    private static func strings(_ values: [String]) -> JSON { .array(values.map { .string($0) }) }

    private static func setting(_ name: SettingName) -> JSON {
        [
            "name": .string(name.rawValue), "default": name.row.defaultValue.map { .string($0) } ?? .null,
            "meaning": .string(name.row.meaning),
        ]
    }

    private static func route(_ entry: RouteTable.Entry) -> JSON {
        [
            "path": .string(entry.path), "methods": strings(entry.methods.map(\.label)),
            "query": strings(entry.query.sorted()),
        ]
    }
}
