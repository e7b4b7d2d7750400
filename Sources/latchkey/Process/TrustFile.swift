internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeySettings

/// The file of certificate authorities that `AWS_CA_BUNDLE` (or `ca_bundle` in the shared config file) names. It is looked
/// at before anything is asked: a file that cannot be used would show as a failed handshake much later.
enum TrustFile {
    /// Bytes of a bundle that are read: some ten times the authorities that browsers know.
    private static let limit = 8 << 20

    /// - Throws: what is wrong with it, with the setting's name and the path.
    static func require(_ path: String) throws(SettingsProblems) {
        let problem: String
        do throws(FileFault) {
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
        throw SettingsProblems(lines: ["AWS_CA_BUNDLE: cannot use \(path): \(problem)"])
    }
}
