import LatchkeyMetrics
import Testing

@Suite struct ProcessReadingTests {
    /// A line as the kernel writes it, with a misleading command name. The name may have any characters (proc(5)).
    private let stat = """
        4242 (evil) name) S 1 4242 4242 0 -1 4194560 5000 0 3 0 150 50 0 0 20 0 7 0 123400 104857600 2560 \
        18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0
        """

    @Test func `Fields are counted from the last parenthesis`() throws {
        let reading = try #require(
            ProcessReading(
                stat: stat, bootTimeSeconds: 1_700_000_000, ticksPerSecond: 100, pageBytes: 4096, openDescriptors: 9,
                maxDescriptors: 1024))
        #expect(reading.cpuSeconds == 2)
        #expect(reading.residentBytes == 10_485_760)
        #expect(reading.virtualBytes == 104_857_600)
        #expect(reading.startTimeSeconds == 1_700_001_234)
    }

    @Test(arguments: ["", "1 (x", "1 (x) S 1 2 3", "1 (x) S a b c d e f g h i j k l m n o p q r s t u v"])
    func `A text that is not a stat file gives nil`(text: String) {
        #expect(
            ProcessReading(
                stat: text, bootTimeSeconds: 0, ticksPerSecond: 100, pageBytes: 4096, openDescriptors: 0,
                maxDescriptors: 0) == nil)
    }
}
