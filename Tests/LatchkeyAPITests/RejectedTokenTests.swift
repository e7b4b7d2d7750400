import LatchkeyAPI
import LatchkeyCrypto
import Testing

@Suite("The body of a rejection") struct RejectedTokenTests {
    private static let digest = SHA256.hash("token")

    @Test func `A digest is read in upper or lower case, with or without a profile`() throws {
        for hex in [Self.digest.hex, Self.digest.hex.uppercased()] {
            let plain = try RejectedToken(Array(#"{"sha256":"\#(hex)"}"#.utf8))
            #expect(plain.digest == Self.digest && plain.profile == nil)
            let named = try RejectedToken(Array(#" { "profile" : "reports", "sha256" : "\#(hex)" } "#.utf8))
            #expect(named.digest == Self.digest && named.profile == "reports")
        }
    }

    @Test(arguments: [
        ("", "json object"), ("{", "json object"), ("[]", "json object"), ("\"x\"", "json object"), ("{}", "sha256"),
        (#"{"sha256":null}"#, "sha256"), (#"{"sha256":5}"#, "sha256"), (#"{"sha256":""}"#, "sha256"),
        (#"{"sha256":"ab"}"#, "sha256"), (#"{"sha256":"$x"}"#, "sha256"), (#"{"sha256":"$0"}"#, "sha256"),
        (#"{"sha256":"$","profile":null}"#, "profile"), (#"{"sha256":"$","profile":["a"]}"#, "profile"),
        (#"{"sha256":"$","token":"x"}"#, "unknown member token"),
        (#"{"sha256":"$","SHA256":"$"}"#, "unknown member SHA256"),
        (#"{"sha256":"$","sha256":"$"}"#, "twice"), (#"{"sha256":"$"} x"#, "json object"),
    ])
    func `Everything else is refused with the reason`(body: String, says: String) {
        let text = body.replacing("$", with: Self.digest.hex)
        let problem = #expect(throws: Problem.self) { try RejectedToken(Array(text.utf8)) }
        #expect(problem?.status == 400 && problem?.code == .badRequest)
        #expect(problem?.detail.contains(says) == true)
        #expect(problem?.detail.contains(Self.digest.hex) == false)
    }
}
