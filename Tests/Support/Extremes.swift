/// Numbers that a hostile or broken peer may send. Tests give all of them to every reader of numbers from outside.
package enum Extremes {
    /// As text, as in a header, a parameter, a journal or a DynamoDB number.
    package static let texts = [
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809",
        "9007199254740992", "-9007199254740992", "9007199254740993", "4611686018427387904", "4611686018427387905",
        "-4611686018427387904", "18446744073709551615", "1e300", "-1e300", "1E30", "NaN", "nan", "inf", "-inf", "+Inf",
        "", " ", "text", "1.5", "-1.5", "-0", "0", "-1", "+1", "0x1p70", "0x10", "1e-300", "1_000", "٣", "1 2", "--1",
        "99999999999999999999999999999999999999999999", String(repeating: "9", count: 400),
    ]

    /// As floating-point numbers.
    package static let doubles: [Double] = [
        .nan, .signalingNaN, .infinity, -.infinity, 0, -0.0, 1.5, -1.5, 1e300, -1e300, 1e-300, 0x1p53, -0x1p53, 0x1p62,
        -0x1p62, 0x1p63, -0x1p63, 0x1p64, 9_223_372_036_854_774_784, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
    ]

    package static let integers: [Int64] = [
        .min, .min + 1, -(1 << 62), -(1 << 53), -1, 0, 1, 1 << 53, 1 << 53 + 1, 1 << 62, 1 << 62 + 1, .max - 1, .max,
    ]
}
