internal import LatchkeyCore

extension SettingsReader {
    /// Reads where the warm file and its key are. The key itself is read at start, because it need not be text.
    mutating func readWarmFile(_ settings: inout Settings) {
        let maxAge = seconds(.warmMaxAge)
        let keyPath = text(.warmKey).flatMap { FileReference.path($0) }
        if text(.warmKey) != nil, keyPath == nil { reject(.warmKey, "must be file: and the path of the key") }
        guard let path = text(.warmFile) else {
            if text(.warmKey) != nil { reject(.warmKey, "needs LATCHKEY_WARM_FILE, the file that it seals") }
            return
        }
        guard path.hasPrefix("/") else { return reject(.warmFile, "must be an absolute path") }
        guard let keyPath else {
            if text(.warmKey) == nil { reject(.warmFile, "needs LATCHKEY_WARM_KEY, the key that seals it") }
            return
        }
        settings.warmFile = WarmFileSetting(path: path, keyPath: keyPath, maxAge: maxAge)
    }
}
