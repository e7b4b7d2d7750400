import LatchkeyCore
import Testing

@Suite struct ConcurrentMapTests {
    private struct Odd: Error, Equatable {
        let number: String
    }

    @Test func `Results are in the order of the elements, however long each takes`() async {
        let numbers = Array(0..<100)
        let results = await numbers.concurrentMap { number -> Result<String, Odd> in
            for _ in number..<100 { await Task.yield() }
            return number.isMultiple(of: 2) ? .success("\(number)") : .failure(Odd(number: "\(number)"))
        }
        #expect(results == numbers.map { $0.isMultiple(of: 2) ? .success("\($0)") : .failure(Odd(number: "\($0)")) })
    }

    @Test func `No element has no result`() async {
        #expect(await [Int]().concurrentMap { $0 }.isEmpty)
    }
}
