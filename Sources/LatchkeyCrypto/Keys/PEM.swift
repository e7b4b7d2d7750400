internal import COpenSSL

/// Reading keys and certificates in PEM (RFC 7468) with libcrypto.
enum PEM {
    /// The first private key; nil if there is none or it is encrypted. The caller frees it.
    static func privateKey(_ pem: Secret) -> OpaquePointer? {
        pem.withBytes { bytes in read(bytes) { PEM_read_bio_PrivateKey($0, nil, noPassphrase, nil) } }
    }

    /// The first public key; nil if there is none. The caller frees it.
    static func publicKey(_ pem: [UInt8]) -> OpaquePointer? {
        pem.withUnsafeBytes { bytes in read(bytes) { PEM_read_bio_PUBKEY($0, nil, noPassphrase, nil) } }
    }

    /// The first certificate; nil if there is none. The caller frees it.
    static func certificate(_ pem: [UInt8]) -> OpaquePointer? {
        pem.withUnsafeBytes { bytes in read(bytes) { PEM_read_bio_X509($0, nil, noPassphrase, nil) } }
    }

    /// All certificates in order; nil if one is damaged or cut off. The caller frees them.
    static func certificates(_ pem: [UInt8]) -> [OpaquePointer]? {
        defer { ERR_clear_error() }
        return pem.withUnsafeBytes { bytes in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
            defer { BIO_free(bio) }
            var found: [OpaquePointer] = []
            while let certificate = PEM_read_bio_X509(bio, nil, noPassphrase, nil) { found.append(certificate) }
            // The only error after a complete text is that no further one begins.
            if ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE { return found }
            for certificate in found { X509_free(certificate) }
            return nil
        }
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ parse: (OpaquePointer) -> OpaquePointer?
    ) -> OpaquePointer? {
        defer { ERR_clear_error() }
        guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
        defer { BIO_free(bio) }
        return parse(bio)
    }
}

/// The passphrase callback: there is none. Without a callback libcrypto asks for a passphrase at the terminal.
private func noPassphrase(
    _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32, _: UnsafeMutableRawPointer?
) -> Int32 { -1 }
