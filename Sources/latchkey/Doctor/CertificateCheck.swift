internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyService
internal import LatchkeySettings

/// Looks at the certificates that TLS is served with.
struct CertificateCheck {
    /// A certificate with less time left is a warning: what replaces it should have done so.
    private static let warningTime: Duration = .seconds(14 * 86_400)

    let files: TLSFiles
    let now: WallTime

    func run() -> [Finding] { files.pairs.flatMap(findings) + authorities }

    private func findings(_ pair: TLSFiles.Pair) -> [Finding] {
        let subject = SettingName.tlsCert.rawValue
        var findings: [Finding] = []
        if SmallFile.isOpenToOthers(pair.key) {
            findings.append(
                .warning(
                    .settings, SettingName.tlsKey.rawValue, "others can read the key \(pair.key)",
                    remedy: "chmod 600 \(pair.key)"))
        }
        do throws(FileError) {
            let certificate = try CertificateFiles().certificate(pair)
            let expiry = "\(pair.certificate) expires \(RFC3339.format(certificate.expiry))"
            if certificate.expiry <= now {
                findings.append(
                    .problem(
                        exit: .configuration, .settings, subject, "\(pair.certificate) has expired",
                        remedy: "write a valid certificate and its key to these files; the broker follows them"))
            } else if certificate.expiry <= now + Self.warningTime {
                findings.append(.warning(.settings, subject, expiry, remedy: "find out why it was not renewed"))
            } else {
                findings.append(.fine(.settings, subject, expiry))
            }
        } catch {
            findings.append(
                .problem(
                    exit: .configuration, .settings, subject, "cannot use \(pair.certificate) with \(pair.key)",
                    remedy: "\(error)"))
        }
        return findings
    }

    private var authorities: [Finding] {
        guard let path = files.clientAuthorities else { return [] }
        do throws(FileError) {
            _ = try CertificateFiles().authorities(path)
            return []
        } catch {
            return [
                .problem(
                    exit: .configuration, .settings, SettingName.tlsClientCA.rawValue, "cannot use \(path)",
                    remedy: "\(error)")
            ]
        }
    }
}
