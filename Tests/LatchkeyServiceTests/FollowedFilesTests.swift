import LatchkeyCore
import LatchkeyMetrics
import LatchkeySettings
import LatchkeyTestSupport
import Logging
import Testing

@testable import LatchkeyService

@Suite struct FollowedFilesTests {
    private let files: FollowedFiles

    init() {
        let time = ManualSleeper(ManualClock(wall: WallTime(seconds: 1_000))).source
        files = FollowedFiles(
            health: ReloadHealth(metrics: Metrics(version: "1", profiles: []), time: time), time: time,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { _, _ in .failure(.absent) }
    }

    @Test func `An error of work between two checks is passed on, and the next work runs`() throws {
        #expect(throws: SettingsError.self) {
            try files.betweenChecks { () throws(SettingsError) in throw SettingsError(lines: ["a conflict"]) }
        }
        var runs = 0
        files.betweenChecks { runs += 1 }
        #expect(runs == 1)
    }
}
