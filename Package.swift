// swift-tools-version: 6.2
import PackageDescription

// Settings of every target: Swift 6 language mode, warnings are errors, imports are internal by default, and a member
// is visible only where its module is imported.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Debug builds, which the Swift tests use, check exclusive access at run time. Release builds do not: the checks
    // take a tenth of the time of a request, and the state is confined to one thread.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// A library target. It may import only targets above it in the list below (see Architecture.md).
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The test target of `target`.
func tests(_ target: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(target)Tests", dependencies: [.byName(name: target)] + dependencies,
        swiftSettings: strict)
}

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let support: Target.Dependency = "LatchkeyTestSupport"

/// The commit for `latchkey --version`. Unknown outside of a Git repository.
let commit = Context.gitInformation.map {
    String($0.currentCommit.prefix(12)) + ($0.hasUncommittedChanges ? "+changes" : "")
}

let package = Package(
    name: "latchkey",
    products: [.executable(name: "latchkey", targets: ["latchkey"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    ],
    targets: [
        .systemLibrary(name: "CLinux"),
        .target(name: "CSignals", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(name: "CConfine", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(name: "COpenAPI", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(name: "CWipe", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror", "-fno-builtin"])]),
        .target(
            name: "CBuild",
            cSettings: [
                .unsafeFlags(["-Wall", "-Wextra", "-Werror", "-fno-builtin"]),
                .define("LATCHKEY_COMMIT", to: "\"\(commit ?? "")\""),
            ]),
        .target(name: "CSlots", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror", "-fno-builtin"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        library("LatchkeyCore"),
        library("LatchkeyLog", [log]),
        library("LatchkeyConfine", ["LatchkeyCore", "CConfine"]),
        library("LatchkeyNet", ["LatchkeyCore", "CLinux", "CSignals"]),
        library("LatchkeyCrypto", ["LatchkeyCore", "COpenSSL", "CSlots"]),
        library("LatchkeyAudit", ["LatchkeyCore", "LatchkeyCrypto"]),
        library("LatchkeyMetrics", ["LatchkeyCore"]),
        library("LatchkeyHTTP", ["LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyMetrics", "CZlib"]),
        library("LatchkeyAWS", ["LatchkeyCore", "LatchkeyHTTP", "LatchkeyCrypto"]),
        library(
            "LatchkeyUpstream",
            ["LatchkeyCore", "LatchkeyLog", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto", "LatchkeyMetrics", log]),
        library("LatchkeyBroker", ["LatchkeyCore", "LatchkeyLog", "LatchkeyCrypto", "LatchkeyMetrics", log]),
        library("LatchkeyMigration", ["LatchkeyCore", "LatchkeyCrypto"]),
        library("LatchkeyTop", ["LatchkeyCore"]),
        library("LatchkeyDev", ["LatchkeyCore", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto"]),
        library(
            "LatchkeySettings",
            [
                "LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyUpstream", "LatchkeyBroker",
                log,
            ]),
        library(
            "LatchkeyAPI",
            [
                "LatchkeyCore", "LatchkeyLog", "LatchkeyCrypto", "LatchkeyAudit", "LatchkeyMetrics", "LatchkeyHTTP",
                "LatchkeyAWS", "LatchkeyBroker", "COpenAPI", log,
            ]),
        library(
            "LatchkeyService",
            [
                "LatchkeyCore", "LatchkeyLog", "LatchkeyConfine", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyAudit",
                "LatchkeyMetrics", "LatchkeyHTTP",
                "LatchkeyAWS", "LatchkeyUpstream", "LatchkeyBroker", "LatchkeySettings", "LatchkeyAPI", log,
            ]),
        .executableTarget(
            name: "latchkey",
            dependencies: [
                "LatchkeyCore", "LatchkeyLog", "LatchkeyConfine", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyAudit",
                "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyUpstream", "LatchkeyBroker",
                "LatchkeyMigration", "LatchkeyDev",
                "LatchkeySettings", "LatchkeyAPI", "LatchkeyService", "LatchkeyTop", "CLinux", "CSignals", "CWipe",
                "CBuild",
                log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Latchkey.docc"],
            swiftSettings: strict),

        .target(
            name: "LatchkeyTestSupport", dependencies: ["LatchkeyCore"], path: "Tests/Support",
            swiftSettings: strict),
        // A fleet of brokers on a virtual clock. It calls the decision functions of LatchkeyBroker.
        .target(
            name: "Fleet",
            dependencies: [
                "LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyBroker", "LatchkeyUpstream",
                "LatchkeyTestSupport",
            ], path: "Tests/Simulation/Fleet", swiftSettings: strict),
        .executableTarget(
            name: "fleet-simulation", dependencies: ["Fleet", "LatchkeyCore"],
            path: "Tests/Simulation/fleet-simulation", swiftSettings: strict),
        // The fuzz targets. `Tests/Fuzz/run` links them with libFuzzer; `latchkeyTests` runs them with the seeds.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "LatchkeyCore", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyUpstream", "LatchkeyAudit",
                "LatchkeyBroker", "LatchkeyMigration", "LatchkeySettings",
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: strict),
        // Prints the credential plan that the product derives from shared AWS files. A test compares it with botocore.
        .executableTarget(
            name: "shared-config-plans",
            dependencies: ["LatchkeyCore", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyUpstream"],
            path: "Tests/SharedConfig/shared-config-plans", swiftSettings: strict),
        // Confines itself with the product's code and prints which forbidden operations the kernel refuses.
        .target(
            name: "CProbe", path: "Tests/Confinement/CProbe",
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .executableTarget(
            name: "confinement-probe", dependencies: ["LatchkeyConfine", "CProbe"],
            path: "Tests/Confinement/confinement-probe", swiftSettings: strict),
        // Prints tables of the code as JSON. A test compares them with the documentation.
        .executableTarget(
            name: "code-tables",
            dependencies: [
                "LatchkeyCore", "LatchkeyLog", "LatchkeyMetrics", "LatchkeyBroker", "LatchkeySettings", "LatchkeyAPI",
            ],
            path: "Tests/CodeTables/code-tables", swiftSettings: strict),

        tests("LatchkeyCore", [support]),
        tests("LatchkeyLog", [log]),
        tests("LatchkeyConfine", ["LatchkeyCore"]),
        tests("LatchkeyNet", ["LatchkeyCore", support]),
        tests("LatchkeyCrypto", ["LatchkeyCore", "COpenSSL", "CSlots", support]),
        tests("LatchkeyAudit", ["LatchkeyCore", "LatchkeyCrypto", support]),
        tests("LatchkeyMetrics", ["LatchkeyCore"]),
        tests("LatchkeyHTTP", ["LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyMetrics", support]),
        tests("LatchkeyAWS", ["LatchkeyCore", "LatchkeyHTTP", "LatchkeyCrypto", support]),
        tests(
            "LatchkeyUpstream",
            ["LatchkeyCore", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto", "LatchkeyMetrics", support, log]),
        tests("LatchkeyBroker", ["LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "Fleet", support, log]),
        tests("LatchkeyTop", ["LatchkeyCore", support]),
        tests("LatchkeyMigration", ["LatchkeyCore", "LatchkeyCrypto", support]),
        tests(
            "LatchkeyDev",
            [
                "LatchkeyCore", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyUpstream",
                support,
            ]),
        tests(
            "LatchkeySettings",
            [
                "LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyUpstream", "LatchkeyBroker",
                support, log,
            ]),
        tests(
            "LatchkeyAPI",
            [
                "LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyBroker",
                support, log,
            ]),
        tests(
            "LatchkeyService",
            [
                "LatchkeyCore", "LatchkeyLog", "LatchkeyConfine", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP",
                "LatchkeyUpstream", "LatchkeyBroker", "LatchkeySettings", support, log,
            ]),
        tests(
            "latchkey",
            [
                "LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyUpstream",
                "LatchkeyBroker", "LatchkeyMigration", "LatchkeySettings", "FuzzTargets", support, log,
            ]),
    ]
)

// libFuzzer has its own `main`, so this target exists only in the build that links it.
if Context.environment["LATCHKEY_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "latchkey-fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/libfuzzer",
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
