internal import ArgumentParser
internal import LatchkeyCore
internal import LatchkeyMigration

/// The write rate to Parameter Store: the options of copy and restore.
struct RateArguments: ParsableArguments {
    @Option(help: "Writes per second to Parameter Store, 1 to 1000. The default quota of an account is 3.")
    var writesPerSecond = 3

    func validate() throws {
        guard (1...1000).contains(writesPerSecond) else {
            throw ValidationError("--writes-per-second must be 1 to 1000")
        }
    }
}
