import LatchkeyBroker
import LatchkeySettings
import Logging
import Testing
import latchkey

@Suite struct ExtensionVariablesTests {
    private func settings(_ own: [String: String] = [:]) throws -> Settings {
        let base = ["LATCHKEY_API_KEY": "k3y-of-thirty-two-bytes-or-more-0123", "AWS_REGION": "eu-central-1"]
        return try Settings.load(environment: base.merging(own) { $1 }, need: .server, processors: 1) { _ in nil }
    }

    /// TTL in seconds for each store; nil if the setting's own TTL applies.
    private func times(_ settings: Settings) -> [Duration?] {
        [settings.ttls[.parameterStore]?.fresh, settings.ttls[.secretsManager]?.fresh]
    }

    @Test(
        arguments: [
            (["SSM_PARAMETER_STORE_TTL": "1"], "secrets-manager", [.seconds(1), nil]),
            (["SECRETS_MANAGER_TTL": "1"], "secrets-manager", [nil, .seconds(1)]),
            (["SECRETS_MANAGER_TTL": "1"], "parameter-store", [.seconds(1), .seconds(1)]),
            (
                ["SSM_PARAMETER_STORE_TTL": "10", "SECRETS_MANAGER_TTL": "20"], "parameter-store",
                [.seconds(10), .seconds(20)]
            ),
            (
                ["SSM_PARAMETER_STORE_TTL": "20", "SECRETS_MANAGER_TTL": "10"], "auto", [.seconds(10), .seconds(10)]
            ),
            (["SSM_PARAMETER_STORE_TTL": "20", "SECRETS_MANAGER_TTL": "10"], "shadow", [.seconds(20), .seconds(10)]),
            (["PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED": "FALSE"], "parameter-store", [.zero, .zero]),
            (["PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE": "0"], "parameter-store", [.zero, .zero]),
            (["PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED": "True"], "parameter-store", [nil, nil]),
        ] as [([String: String], String, [Duration?])])
    func `Each store has the TTL of its own variable, and one store for both has the shorter one`(
        variables: [String: String], backend: String, wanted: [Duration?]
    ) throws {
        var settings = try settings(["LATCHKEY_SECRETS_BACKEND": backend])
        let found = ExtensionVariables(variables)
        #expect(found.problems.isEmpty)
        #expect(found.apply(to: &settings).isEmpty)
        #expect(times(settings) == wanted)
        #expect(settings.secretTTL == .seconds(300))
    }

    @Test func `A missing value is cached no longer than a value, unless its own setting says so`() throws {
        var settings = try settings()
        _ = ExtensionVariables(["SSM_PARAMETER_STORE_TTL": "5"]).apply(to: &settings)
        #expect(settings.ttls[.parameterStore]?.negative == .seconds(5))
        var own = try self.settings(["LATCHKEY_NEGATIVE_TTL": "30"])
        _ = ExtensionVariables(["SSM_PARAMETER_STORE_TTL": "5"]).apply(to: &own)
        #expect(own.ttls[.parameterStore]?.negative == .seconds(30))
    }

    @Test func `Latchkey's own setting takes precedence and is named beside the variable`() throws {
        let variables = ExtensionVariables([
            "SSM_PARAMETER_STORE_TTL": "1", "PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL": "DEBUG",
        ])
        var settings = try settings(["LATCHKEY_SECRET_TTL": "300", "LATCHKEY_LOG_LEVEL": "warning"])
        #expect(
            variables.apply(to: &settings) == [
                "PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL has no effect: LATCHKEY_LOG_LEVEL is set and wins",
                "SSM_PARAMETER_STORE_TTL has no effect: LATCHKEY_SECRET_TTL is set and wins",
            ])
        #expect(times(settings) == [nil, nil])
        #expect(settings.logLevel == .warning)
    }

    @Test(arguments: [("DEBUG", Logger.Level.debug), ("warn", .warning), ("Error", .error), ("NONE", .critical)])
    func `The log level follows AWS's variable`(word: String, level: Logger.Level) throws {
        var settings = try settings()
        #expect(ExtensionVariables(["PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL": word]).apply(to: &settings).isEmpty)
        #expect(settings.logLevel == level)
    }

    @Test func `Each variable without effect is named once, and the cache has its maximum size`() throws {
        var settings = try settings()
        let notes = ExtensionVariables([
            "SSM_PARAMETER_STORE_TIMEOUT_MILLIS": "500", "SECRETS_MANAGER_TIMEOUT_MILLIS": "0",
            "PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS": "3", "PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE": "10",
            "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": "2773", "PARAMETERS_SECRETS_EXTENSION_OTHER": "x", "PATH": "/bin",
        ]).apply(to: &settings)
        #expect(
            notes.compactMap { $0.split(separator: " ").first } == [
                "PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS", "PARAMETERS_SECRETS_EXTENSION_OTHER",
                "SECRETS_MANAGER_TIMEOUT_MILLIS", "SSM_PARAMETER_STORE_TIMEOUT_MILLIS",
            ])
        #expect(settings.maximumSecrets == 10)
    }

    @Test(arguments: [
        ("SSM_PARAMETER_STORE_TTL", "301"), ("SSM_PARAMETER_STORE_TTL", "soon"), ("SECRETS_MANAGER_TTL", "-1"),
        ("SECRETS_MANAGER_TTL", "+1"), ("SECRETS_MANAGER_TTL", "1.0"),
        ("PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE", "1001"), ("PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED", "1"),
        ("PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL", "trace"), ("PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS", "0"),
        ("SSM_PARAMETER_STORE_TIMEOUT_MILLIS", "1s"), ("SECRETS_MANAGER_TIMEOUT_MILLIS", "99999999999999999999"),
    ])
    func `A malformed value is refused by its variable's name and is not repeated`(name: String, value: String) {
        let problems = ExtensionVariables([name: value]).problems
        #expect(problems.count == 1 && problems[0].hasPrefix("\(name): must be "), "\(problems)")
        #expect(ExtensionVariables([name: ""]).problems.isEmpty)
    }
}
