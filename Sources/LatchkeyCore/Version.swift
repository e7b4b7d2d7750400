/// The program's name and version, as in `--version`, `User-Agent` and `latchkey_build_info`.
package enum Version {
    package static let number = "0.1.0"
    package static let userAgent = "latchkey/\(number)"
}
