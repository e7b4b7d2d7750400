/// One row of the table of settings.
package struct SettingRow: Sendable {
    /// The value if none is given; nil for none.
    package let defaultValue: String?
    /// The range of a whole number; nil for other values.
    package let bounds: ClosedRange<Int>?
    /// Whether the value is shown as `<secret>`.
    package let isSecret: Bool

    private let template: String

    /// - Parameter meaning: the description, in which `{bounds}` stands for the bounds.
    init(
        defaultValue: String? = nil, bounds: ClosedRange<Int>? = nil, meaning: String, isSecret: Bool = false
    ) {
        self.defaultValue = defaultValue
        self.bounds = bounds
        template = meaning
        self.isSecret = isSecret
    }

    /// What the setting means, with units and bounds.
    package var meaning: String {
        bounds.map { template.replacing("{bounds}", with: "\($0.lowerBound) to \($0.upperBound)") } ?? template
    }
}
