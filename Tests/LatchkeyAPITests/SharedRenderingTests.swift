import LatchkeyCore
import Testing

@testable import LatchkeyAPI

@Suite struct SharedRenderingTests {
    private func time(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    @Test func `Who comes while a rendering is made shares it`() {
        var rendering = SharedRendering<String, Int>()
        #expect(rendering.recent(time(0)) == nil)
        let isFirst = rendering.join(1, now: time(0))
        #expect(isFirst)
        #expect(rendering.recent(time(1)) == nil)
        let isSecond = rendering.join(2, now: time(1))
        #expect(!isSecond)
        let waiting = rendering.finish("a")
        #expect(waiting == [1, 2])
        #expect(rendering.recent(time(2)) == nil, "one that comes alone gets a rendering of its own")
    }

    @Test func `Past the burst a rendering is given out while it is at maxLines 100 ms old`() {
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

    @Test(arguments: [
        ("a=b&c=d&e", "a=b&c=d"), ("a", ""), ("", ""), ("{", "{}"), (#"{"a":1"#, "{}"),
        (#"{"a":",}","b":[1,2,{"c":3}],"d"#, #"{"a":",}","b":[1,2,{"c":3}]}"#),
        (#" {"a":"\",","b":"#, #" {"a":"\","}"#),
    ])
    func `The start of a body is cut behind its last whole parameter`(start: String, whole: String) {
        #expect(String(decoding: OAuthBodyPrefix.whole(Array(start.utf8)), as: UTF8.self) == whole)
    }
}
