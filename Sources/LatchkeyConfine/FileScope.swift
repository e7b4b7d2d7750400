internal import Glibc
package import LatchkeyCore

/// The files that a confined process can read. Tells a missing permission from a path that was not named at start.
package struct FileScope: Equatable, Sendable {
    /// The real paths at and below which files can be read; nil if there is no limit.
    package let readable: [String]?
    /// Whether programs can be run.
    package let allowsExecution: Bool

    package init(readable: [String]?, allowsExecution: Bool) {
        self.readable = readable
        self.allowsExecution = allowsExecution
    }

    /// No limit.
    package static let everything = FileScope(readable: nil, allowsExecution: true)

    /// Whether the process can never read the file at `path`, whatever its mode.
    ///
    /// - Parameter realPath: resolves all symbolic links; nil if the path does not exist.
    package func excludes(_ path: String, realPath: (String) -> String? = Self.realPath) -> Bool {
        guard let readable, !SmallFile.isStream(path) else { return false }
        let absolute = ConfinementPlan.normalized(OwnFile.absolute(path))
        let folder = ConfinementPlan.folder(of: absolute)
        let real = realPath(absolute) ?? realPath(folder).map { "\($0)/" } ?? absolute
        return !readable.contains { place in
            real == place || place == "/" || real.utf8.starts(with: "\(place)/".utf8)
        }
    }

    /// `error`, or that the file is outside of this scope if that is the reason for a denied permission.
    package func explain(_ error: FileError, _ path: String) -> FileError {
        error == .denied && excludes(path) ? .outsideConfinement : error
    }

    /// realpath(3).
    package static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
