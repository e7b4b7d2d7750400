import LatchkeyCore
import Testing

@testable import LatchkeyHTTP

@Suite struct DescriptorBudgetTests {
    @Test(arguments: [
        (256, 8192, 128), (160, 8192, 32), (144, 8192, 16), (1024, 100, 100), (1024, 896, 896), (1024, 897, 896),
        (Int.max, 8192, 8192),
    ])
    func `Connections leave 128 descriptors, and never exceed the configured number`(
        limit: Int, wanted: Int, cap: Int
    ) throws {
        let budget = try DescriptorBudget(limit: limit, wanted: wanted)
        #expect(budget.cap == cap && budget.isReduced == (cap < wanted))
    }

    @Test(arguments: [143, 96, 0, -1, Int.min]) func `A descriptor limit below 144 is an error`(limit: Int) {
        #expect(throws: DescriptorBudget.LimitError(limit: limit)) { try DescriptorBudget(limit: limit, wanted: 1) }
    }
}
