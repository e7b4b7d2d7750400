/// The sizes of RSA moduli that are accepted, in bits.
enum RSAModulus {
    /// The minimum key size for RS256 (RFC 7518 §3.3).
    static let minBits: Int32 = 2048
    /// The time of a signature grows with the third power of the size.
    static let maxBits: Int32 = 8192
}
