internal import Glibc

/// A test certificate authority and its certificates, which the openssl command makes in a temporary folder.
package final class CertificateFolder {
    package let path: String

    package init() throws {
        var template = Array("/tmp/latchkey-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failed(command: "mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try run(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout other.key -out other.pem -days 2 -subj /CN=other
            """)
        try leaf("good", names: "DNS:good.example,IP:127.0.0.1", days: 1)
        try leaf("expired", names: "DNS:good.example", days: -1)
        try leaf("wild", names: "DNS:*.example", days: 1)
    }

    /// A command failed.
    package struct Failed: Error { package let command: String }

    deinit { _ = shell("rm -rf '\(path)'") }

    /// The path of a file in the folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a leaf certificate of the subject `/CN=subject`. With an empty `names` it has no subjectAltName.
    package func leaf(
        _ name: String, subject: String = "leaf", names: String, days: Int = 1, authority: String = "ca"
    ) throws {
        try run(
            """
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout \(name).key -out \(name).csr -subj '/CN=\(subject)'
            printf '\(names.isEmpty ? "basicConstraints=CA:FALSE" : "subjectAltName=\(names)")' > \(name).ext
            openssl x509 -req -in \(name).csr -CA \(authority).pem -CAkey \(authority).key -CAcreateserial -days \(days) -extfile \(name).ext -out \(name).pem
            """)
    }

    private func run(_ commands: String) throws {
        let script = commands.split(separator: "\n").joined(separator: " && ")
        guard shell("cd '\(path)' && { \(script); } >/dev/null 2>&1") == 0 else { throw Failed(command: script) }
    }

    private func shell(_ command: String) -> Int32 { system(command) }
}
