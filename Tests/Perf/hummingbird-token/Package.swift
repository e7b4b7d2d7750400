// swift-tools-version: 6.0
import PackageDescription

// A server of another framework, for Tests/Perf/run. No part of the product or of its tests.
let package = Package(
    name: "hummingbird-token",
    platforms: [.macOS(.v14)],
    dependencies: [.package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1")],
    targets: [
        .executableTarget(
            name: "hummingbird-token", dependencies: [.product(name: "Hummingbird", package: "hummingbird")])
    ])
