import Glibc
import LatchkeyAWS
import LatchkeyCore
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyTestSupport
import LatchkeyUpstream
import Testing

@Suite struct SigV4Tests {
    /// The committed vectors, and those in the file that `LATCHKEY_SIGV4_VECTORS` names, if any.
    static func vectors() throws -> [JSON] {
        var vectors = try #require(try Fixture.json("aws/sigv4.json").array)
        if let path = getenv("LATCHKEY_SIGV4_VECTORS") {
            vectors += try #require(try Fixture.json(String(cString: path)).array)
        }
        return vectors
    }

    @Test func `Every generated request has the signature of botocore`() throws {
        let vectors = try Self.vectors()
        #expect(vectors.count >= 300)
        for vector in vectors {
            var fields = HTTPFields()
            for field in vector["fields"]?.array ?? [] {
                fields.append(field.array?.first?.string ?? "", field.array?.last?.string ?? "")
            }
            var request = HTTPRequest(
                method: try #require(vector["method"]?.string), target: try #require(vector["target"]?.string),
                fields: fields, body: try #require(vector["body"]?.string.flatMap { Hex.decode($0) }))
            SigV4.sign(
                &request, host: try #require(vector["host"]?.string),
                scope: SigV4.Scope(
                    date: WallTime(seconds: try #require(vector["seconds"]?.integer)),
                    region: try #require(vector["region"]?.string), service: try #require(vector["service"]?.string)),
                credentials: AWSCredentials(
                    accessKeyID: try #require(vector["key"]?.string),
                    secretAccessKey: Secret(try #require(vector["secret"]?.string)),
                    sessionToken: vector["token"]?.string.map { Secret($0) }))
            #expect(request.fields["Authorization"] == vector["authorization"]?.string, "\(vector.text)")
        }
    }

    @Test(arguments: [
        ("/", "/"), ("//", "/"), ("/a//b/", "/a/b/"), ("/./a/../b", "/b"), ("/../..", "/"), ("/a%20b", "/a%2520b"),
        ("", "/"), ("/~", "/~"),
    ])
    func `A path is normalised and then escaped again`(path: String, canonical: String) {
        let request = CanonicalRequest(HTTPRequest(method: "GET", target: path), host: "h")
        #expect(request.bytes.split(separator: 0x0A)[1].elementsEqual(canonical.utf8))
    }

    @Test func `A request without temporary credentials has no security token`() {
        var request = HTTPRequest(method: "POST", target: "/", fields: ["X-Amz-Security-Token": "left over"])
        SigV4.sign(
            &request, host: "h", scope: SigV4.Scope(date: WallTime(seconds: 0), region: "r", service: "s"),
            credentials: AWSCredentials(accessKeyID: "A", secretAccessKey: Secret("b")))
        #expect(request.fields["X-Amz-Security-Token"] == nil)
    }
}
