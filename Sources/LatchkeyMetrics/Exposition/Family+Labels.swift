extension Family {
    /// The labels of series `index` as `a="x",b="y"`, escaped; empty for a family without labels.
    func labels(at index: Int) -> String {
        var ordinals = index
        var parts: [String] = []
        for dimension in dimensions.reversed() {
            let value = dimension.values[ordinals % dimension.values.count]
            ordinals /= dimension.values.count
            parts.append("\(dimension.name)=\"\(Escape.labelValue(value))\"")
        }
        return parts.reversed().joined(separator: ",")
    }
}
