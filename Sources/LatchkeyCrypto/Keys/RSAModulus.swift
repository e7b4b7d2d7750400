/// The sizes of RSA moduli that are accepted, in bits.
enum RSAModulus {
    /// The least that RS256 allows (RFC 7518 §3.3).
    static let minBits: Int32 = 2048
    /// The time of a signature grows with the third power of the size.
    static let maxBits: Int32 = 8192
}
