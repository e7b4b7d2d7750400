import LatchkeyCore
import LatchkeyCrypto
import LatchkeyTestSupport

extension CertificateFolder {
    func bytes(_ name: String) throws -> [UInt8] { try FileReader.read(file(name), limit: 1 << 20) }

    /// The certificate and key of a leaf.
    func certificate(_ name: String) throws -> TLSCertificate {
        try TLSCertificate(chain: bytes("\(name).pem"), key: Secret(bytes("\(name).key")))
    }
}
