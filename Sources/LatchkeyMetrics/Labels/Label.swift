/// The values of one metric label. The set is closed, so that text from callers never becomes a series.
///
/// The raw value is the position of the value in its metric family.
package protocol Label: CaseIterable, Hashable, Sendable, RawRepresentable<Int> {
    /// The value on the metrics page.
    var label: String { get }
}

extension Label {
    /// The spelling in HTTP headers and JSON bodies: `parameter-store` for `parameter_store`.
    package var name: String {
        String(decoding: label.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }, as: UTF8.self)
    }

    /// Every label, in the order of the raw values.
    static var labels: [String] { allCases.map(\.label) }
}
