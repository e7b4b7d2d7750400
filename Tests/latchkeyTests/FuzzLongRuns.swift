import FuzzTargets
import LatchkeyTestSupport
import Testing

/// The fuzz targets without a fuzzer: the seeds themselves, and seeds with a few bytes changed.
@Suite struct FuzzLongRuns {
    @Test(arguments: FuzzTarget.allCases)
    func `Every seed keeps the rules of its target`(target: FuzzTarget) throws {
        let inputs = try FuzzSeeds(target).inputs
        #expect(!inputs.isEmpty)
        for input in inputs {
            #expect(throws: Never.self, "\(target.rawValue): \(input)") { try target.run(input) }
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `Every seed with a few bytes changed keeps the rules of its target`(target: FuzzTarget) throws {
        let inputs = try FuzzSeeds(target).inputs
        for number in LongRun.cases(of: 50_000, "fuzz targets") {
            var random = SeededGenerator(seed: number)
            let input = random.mutate(inputs[Int(number % UInt64(inputs.count))])
            #expect(throws: Never.self, "\(target.rawValue), case \(number): \(input)") { try target.run(input) }
        }
    }
}
