internal import COpenSSL
internal import LatchkeyCore

/// A parsed certificate. Confined to the thread that made it.
final class X509Certificate {
    let pointer: OpaquePointer

    /// Takes ownership.
    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { X509_free(pointer) }

    /// The certificates of a PEM text in order; nil if it has none or one of them is damaged or cut off.
    static func chain(_ pem: [UInt8]) -> [X509Certificate]? {
        guard let found = PEM.certificates(pem), !found.isEmpty else { return nil }
        return found.map(X509Certificate.init(owning:))
    }

    /// Whether a client that asks for `host` may be shown the certificate. Its common name does not count.
    func covers(_ host: UnsafePointer<CChar>) -> Bool {
        let flags = UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
        return X509_check_host(pointer, host, 0, flags, nil) == 1
    }

    /// notBefore, to the second.
    var start: WallTime { Self.time(X509_get0_notBefore(pointer)) }

    /// notAfter, to the second.
    var expiry: WallTime { Self.time(X509_get0_notAfter(pointer)) }

    private static func time(_ time: UnsafePointer<ASN1_TIME>?) -> WallTime {
        let epoch = ASN1_TIME_set(nil, 0)
        defer { ASN1_TIME_free(epoch) }
        var (days, seconds): (Int32, Int32) = (0, 0)
        guard ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else {
            return WallTime(seconds: 0)
        }
        return WallTime(seconds: Int64(days) * 86_400 + Int64(seconds))
    }

    /// The names of one type (GEN_DNS or GEN_URI) of its subjectAltName. A name that is not printable ASCII is left out: with
    /// a NUL it could look like another name.
    func names(of type: Int32) -> [String] {
        guard let found = X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(found)
        defer { GENERAL_NAMES_free(names) }
        return (0..<latchkey_general_name_count(names)).compactMap { index in
            var text: UnsafePointer<UInt8>?
            var length: Int32 = 0
            guard latchkey_general_name(names, index, &text, &length) == type, let text, length > 0 else { return nil }
            let bytes = UnsafeBufferPointer(start: text, count: Int(length))
            guard bytes.allSatisfy({ 0x21...0x7E ~= $0 }) else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

}
