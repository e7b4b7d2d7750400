package import LatchkeyConfine
package import LatchkeyCore
package import LatchkeyCrypto
package import LatchkeySettings

/// Reads the files that TLS is served with.
package struct CertificateFiles: Sendable {
    /// Reads a file of at most so many bytes.
    package typealias Read = @Sendable (_ path: String, _ limit: Int) throws(FileError) -> [UInt8]

    /// Bytes read of a certificate chain or a key.
    private static let maxPairBytes = 64 << 10
    /// Bytes read of the authorities of callers.
    private static let maxAuthorityBytes = 1 << 20

    private let read: Read

    package init(read: @escaping Read) { self.read = read }

    /// Reads from the file system.
    /// - Parameter scope: the files that this process can read.
    package init(scope: FileScope = .everything) {
        self.init { path, limit throws(FileError) in
            do throws(FileError) {
                return try FileReader.read(path, limit: limit)
            } catch {
                throw scope.explain(error, path)
            }
        }
    }

    /// A pair of files.
    ///
    /// - Parameters:
    ///   - current: the value in force, which is returned if the files are the same, without parsing them.
    ///   - now: a certificate that has expired by then does not replace one in force.
    package func certificate(
        _ pair: TLSFiles.Pair, current: TLSCertificate? = nil, now: WallTime? = nil
    ) throws(FileError) -> TLSCertificate {
        let chain = try read(pair.certificate, Self.maxPairBytes)
        var keyBytes = try read(pair.key, Self.maxPairBytes)
        let key = Secret(wiping: &keyBytes)
        if let current, current.isMade(of: chain, key) { return current }
        let certificate: TLSCertificate
        do throws(TLSCertificate.Problem) {
            certificate = try TLSCertificate(chain: chain, key: key)
        } catch {
            throw .unfit("\(error)")
        }
        if let now, certificate.expiry <= now { throw .unfit("the certificate has expired: write a valid one") }
        return certificate
    }

    /// The authorities of callers.
    package func authorities(_ path: String, current: [UInt8]? = nil) throws(FileError) -> [UInt8] {
        let bytes = try read(path, Self.maxAuthorityBytes)
        if bytes == current { return bytes }
        guard TLSServerConfiguration.isAuthorities(bytes) else {
            throw .unfit("it is not a complete list of certificates in PEM: write the certificates of the authorities")
        }
        return bytes
    }
}
