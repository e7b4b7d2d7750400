internal import LatchkeyAWS
internal import LatchkeyBroker

/// Fuzzes ARNs and keys of secrets: they are written as they were read, and no key leaves the prefix.
enum ResourceNameFuzz {
    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let name = AmazonResourceName(text) {
            try require(name.description == text, "an ARN is written as it was read")
            try require(text.utf8.count <= AmazonResourceName.maxBytes, "an ARN stays within its limit")
            try require(!name.resource.isEmpty, "an ARN names a resource")
        }
        if let key = SecretKey(text) {
            try require(key.name == text, "a key is written as it was read")
            let segments = text.split(separator: "/", omittingEmptySubsequences: false)
            try require(
                !segments.contains { $0.isEmpty || $0 == "." || $0 == ".." },
                "no segment is empty or leads to another folder")
            try require(
                !["auth0-cache", "latchkey"].contains(segments[0]), "Latchkey's own parameters are not secrets")
        }
    }
}
