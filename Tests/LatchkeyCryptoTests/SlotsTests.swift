import CSlots
import Testing

/// The slots are those of the process: one suite, whose tests run one after another.
@Suite(.serialized) struct SlotsTests {
    private static let isPrepared = latchkey_slots_prepare() == 1

    private func allocate(_ count: Int) throws -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: try #require(latchkey_slots_allocate(count, nil, 0)), count: count)
    }

    private func free(_ memory: UnsafeMutableRawBufferPointer) { latchkey_slots_free(memory.baseAddress, nil, 0) }

    private func isZero(_ memory: UnsafeMutableRawBufferPointer) -> Bool { memory.allSatisfy { $0 == 0 } }

    @Test(.enabled(if: isPrepared), arguments: [4097, 7608, 8192, 8193, 16_712, 21_848, 24_576])
    func `A block begins with a page, and has nothing of the one that was there before`(count: Int) throws {
        // More than the slots that keep their pages.
        for _ in 0..<3 {
            let blocks = try (0..<200).map { _ in try allocate(count) }
            #expect(Set(blocks.map { Int(bitPattern: $0.baseAddress) }).count == 200)
            #expect(blocks.allSatisfy { Int(bitPattern: $0.baseAddress) % 4096 == 0 })
            #expect(blocks.allSatisfy(isZero))
            for block in blocks { block.initializeMemory(as: UInt8.self, repeating: 0xA5) }
            blocks.forEach(free)
        }
    }

    @Test(arguments: [(100, 5000), (5000, 100), (5000, 6000), (5000, 17_000), (17_000, 30_000), (30_000, 17_000)])
    func `A block keeps its content when its size changes`(before: Int, after: Int) throws {
        _ = Self.isPrepared
        let block = try allocate(before)
        for index in block.indices { block[index] = UInt8(truncatingIfNeeded: index &* 7) }
        let moved = try #require(latchkey_slots_reallocate(block.baseAddress, after, nil, 0))
        let grown = UnsafeMutableRawBufferPointer(start: moved, count: after)
        #expect(grown.prefix(min(before, after)).enumerated().allSatisfy { $1 == UInt8(truncatingIfNeeded: $0 &* 7) })
        free(grown)
    }

    @Test func `Nothing is a block, and a size of zero frees one`() throws {
        _ = Self.isPrepared
        latchkey_slots_free(nil, nil, 0)
        let block = try #require(latchkey_slots_reallocate(nil, 5000, nil, 0))
        #expect(latchkey_slots_reallocate(block, 0, nil, 0) == nil)
    }

    @Test func `Threads get different blocks`() async throws {
        _ = Self.isPrepared
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let mark = UInt8(number + 1)
                    for round in 0..<300 {
                        let count = round.isMultiple(of: 2) ? 7000 : 17_000
                        guard let start = latchkey_slots_allocate(count, nil, 0) else { return false }
                        let block = UnsafeMutableRawBufferPointer(start: start, count: count)
                        block.initializeMemory(as: UInt8.self, repeating: mark)
                        if round.isMultiple(of: 16) { await Task.yield() }
                        guard block.allSatisfy({ $0 == mark }) else { return false }
                        latchkey_slots_free(start, nil, 0)
                    }
                    return true
                }
            }
            for await isIntact in group { #expect(isIntact) }
        }
    }
}
