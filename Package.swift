// swift-tools-version: 6.2
import PackageDescription

// Held for every target: Swift 6 language mode, no warning survives, imports are internal unless said
// otherwise, and a member is visible only where its own module is imported.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Debug builds, and so every test run of a developer, check exclusive access as they run. In release the checks
    // cost a tenth of the time spent on a request, for state that is confined to one thread.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// A room of the house: a library target whose imports point down only (see Architecture.md).
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The test target of one room.
func tests(_ room: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(room)Tests", dependencies: [.byName(name: room), "LatchkeyTestSupport"] + dependencies,
        swiftSettings: strict)
}

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

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
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        room("LatchkeyCore"),
        room("LatchkeyNet", ["LatchkeyCore", "CLinux", "CSignals"]),
        room("LatchkeyCrypto", ["LatchkeyCore", "COpenSSL"]),
        room("LatchkeyMetrics", ["LatchkeyCore"]),
        room("LatchkeyHTTP", ["LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyMetrics", "CZlib", log]),
        room("LatchkeyAWS", ["LatchkeyCore", "LatchkeyHTTP", "LatchkeyCrypto"]),
        room(
            "LatchkeyUpstream",
            ["LatchkeyCore", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto", "LatchkeyMetrics", log]),
        room("LatchkeyBroker", ["LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", log]),
        room("LatchkeyMigration", ["LatchkeyCore", "LatchkeyCrypto"]),
        room("LatchkeyDev", ["LatchkeyCore", "LatchkeyNet", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto"]),
        room(
            "LatchkeySettings",
            [
                "LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyUpstream", "LatchkeyBroker",
                log,
            ]),
        room(
            "LatchkeyAPI",
            [
                "LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyBroker",
                log,
            ]),
        room(
            "LatchkeyService",
            [
                "LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS",
                "LatchkeyUpstream", "LatchkeyBroker", "LatchkeySettings", "LatchkeyAPI", log,
            ]),
        .executableTarget(
            name: "latchkey",
            dependencies: [
                "LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP",
                "LatchkeyAWS", "LatchkeyUpstream", "LatchkeyBroker", "LatchkeyMigration", "LatchkeyDev",
                "LatchkeySettings", "LatchkeyAPI", "LatchkeyService", "CLinux", "CSignals",
                log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Latchkey.docc"],
            swiftSettings: strict),

        .target(
            name: "LatchkeyTestSupport", dependencies: ["LatchkeyCore"], path: "Tests/Support",
            swiftSettings: strict),
        // The broker's own decisions on a virtual clock, a whole fleet at a time.
        .target(
            name: "Fleet",
            dependencies: [
                "LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyBroker", "LatchkeyUpstream",
                "LatchkeyTestSupport",
            ], path: "Tests/Simulation/Fleet", swiftSettings: strict),
        .executableTarget(
            name: "fleet-simulation", dependencies: ["Fleet", "LatchkeyCore"],
            path: "Tests/Simulation/fleet-simulation", swiftSettings: strict),
        // What the fuzzer feeds. `Tests/Fuzz/run` builds the executable around it; the tests of `latchkey` feed it seeds.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "LatchkeyCore", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyUpstream", "LatchkeyBroker",
                "LatchkeyMigration",
                "LatchkeySettings",
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: strict),
        // What the product makes of shared AWS files, for the comparison with botocore.
        .executableTarget(
            name: "shared-config-plans",
            dependencies: ["LatchkeyCore", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyUpstream"],
            path: "Tests/SharedConfig/shared-config-plans", swiftSettings: strict),
        tests("LatchkeyCore"),
        tests("LatchkeyNet", ["LatchkeyCore"]),
        tests("LatchkeyCrypto", ["LatchkeyCore", "COpenSSL"]),
        tests("LatchkeyMetrics", ["LatchkeyCore"]),
        tests("LatchkeyHTTP", ["LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyMetrics"]),
        tests("LatchkeyAWS", ["LatchkeyCore", "LatchkeyHTTP", "LatchkeyCrypto"]),
        tests(
            "LatchkeyUpstream",
            ["LatchkeyCore", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto", "LatchkeyMetrics", log]),
        tests("LatchkeyBroker", ["LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "Fleet", log]),
        tests("LatchkeyMigration", ["LatchkeyCore", "LatchkeyCrypto"]),
        tests(
            "LatchkeyDev",
            ["LatchkeyCore", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyUpstream"]),
        tests(
            "LatchkeySettings",
            ["LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyHTTP", "LatchkeyUpstream", log]),
        tests(
            "LatchkeyAPI",
            ["LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyBroker", log]
        ),
        tests(
            "LatchkeyService",
            [
                "LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyUpstream",
                "LatchkeyBroker", "LatchkeySettings", "LatchkeyAPI", log,
            ]),
        tests(
            "latchkey",
            [
                "LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyUpstream",
                "LatchkeyBroker", "LatchkeyMigration", "LatchkeySettings", "LatchkeyAPI", "LatchkeyService",
                "FuzzTargets",
            ]),
    ]
)

// The fuzzer brings its own `main`, so its executable exists only where the fuzzer is linked in.
if Context.environment["LATCHKEY_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "latchkey-fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/libfuzzer",
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
