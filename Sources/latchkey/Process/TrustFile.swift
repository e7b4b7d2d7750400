internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeySettings

/// The file of certificate authorities in `AWS_CA_BUNDLE` (or `ca_bundle` of the shared config file). It is checked at
/// startup, because an unusable file would appear only later, as a failed handshake.
enum TrustFile {
    /// Maximum size in bytes: about ten times the list of a browser.
    private static let limit = 8 << 20

    /// - Throws: what is wrong, with the setting's name and the path.
    static func require(_ path: String) throws(SettingsError) {
        let problem: String
        do throws(FileError) {
            let bytes = try FileReader.read(path, limit: limit)
            guard !bytes.isEmpty else { throw .empty }
            do throws(TLSError) {
                _ = try TLSContext(clientTrusting: .file(path))
                return
            } catch {
                problem = "it holds no certificate in PEM"
            }
        } catch {
            problem = "\(error)"
        }
        throw SettingsError(lines: ["AWS_CA_BUNDLE: cannot use \(path): \(problem)"])
    }
}
