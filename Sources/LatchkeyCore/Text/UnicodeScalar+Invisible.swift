extension UnicodeScalar {
    /// Whether an editor may not show the character, or show it as a space: a control character other than the tab,
    /// white space other than the space, or a byte order mark.
    package var isInvisible: Bool {
        switch value {
        case 0x09, 0x20...0x7E: false
        case 0xFEFF: true
        default: properties.isWhitespace || properties.generalCategory == .control
        }
    }
}
