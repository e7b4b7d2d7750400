internal import COpenSSL

extension Secret {
    /// Copies `bytes` and erases the original.
    package convenience init(wiping bytes: inout [UInt8]) {
        self.init(bytes)
        OPENSSL_cleanse(&bytes, bytes.count)
        bytes = []
    }

    /// `count` random bytes from libcrypto's generator.
    package static func random(_ count: Int) -> Secret {
        var bytes = Random.bytes(count)
        return Secret(wiping: &bytes)
    }
}
