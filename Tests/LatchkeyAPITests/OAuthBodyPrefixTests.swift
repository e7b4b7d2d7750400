import Testing

@testable import LatchkeyAPI

@Suite struct OAuthBodyPrefixTests {
    @Test(arguments: [
        ("a=b&c=d&e", "a=b&c=d"), ("a", ""), ("", ""), ("{", "{}"), (#"{"a":1"#, "{}"),
        (#"{"a":",}","b":[1,2,{"c":3}],"d"#, #"{"a":",}","b":[1,2,{"c":3}]}"#),
        (#" {"a":"\",","b":"#, #" {"a":"\","}"#),
    ])
    func `The start of a body is cut after its last complete parameter`(start: String, whole: String) {
        #expect(String(decoding: OAuthBodyPrefix.closed(Array(start.utf8)), as: UTF8.self) == whole)
    }
}
