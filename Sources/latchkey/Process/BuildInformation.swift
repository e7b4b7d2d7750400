internal import CBuild
internal import LatchkeyCore
internal import LatchkeyCrypto

/// What `latchkey --version` prints.
enum BuildInformation {
    /// The version, and in parentheses the commit, if it is known, and the version of libssl that the program runs with.
    /// The version is the first word.
    static var text: String {
        let commit = String(cString: latchkey_build_commit())
        let details = (commit.isEmpty ? [] : ["commit \(commit)"]) + [CryptoLibrary.version]
        return "\(Version.number) (\(details.joined(separator: ", ")))"
    }
}
