import LatchkeyCore
import Testing

@testable import LatchkeyAPI

@Suite struct SharedRenderingTests {
    private func time(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    @Test func `Concurrent callers share a rendering`() {
        var rendering = SharedRendering<String, Int>()
        #expect(rendering.recent(time(0)) == nil)
        let isFirst = rendering.join(1, now: time(0))
        #expect(isFirst)
        #expect(rendering.recent(time(1)) == nil)
        let isSecond = rendering.join(2, now: time(1))
        #expect(!isSecond)
        let waiting = rendering.finish("a")
        #expect(waiting == [1, 2])
        #expect(rendering.recent(time(2)) == nil, "a lone caller gets a rendering of its own")
    }

    @Test func `After the burst a rendering is reused for at most 100 ms`() {
        var rendering = SharedRendering<String, Int>()
        var made = 0
        for now in 0..<1000 where rendering.recent(time(Int64(now))) == nil {
            let isFirst = rendering.join(now, now: time(Int64(now)))
            #expect(isFirst)
            _ = rendering.finish("\(now)")
            made += 1
        }
        #expect(made <= 20 + 50 + 1)
        for now in 1000..<2000 {
            guard let page = rendering.recent(time(Int64(now))), let begun = Int(page) else {
                _ = rendering.join(now, now: time(Int64(now)))
                _ = rendering.finish("\(now)")
                continue
            }
            #expect(now - begun <= 100)
        }
    }
}
