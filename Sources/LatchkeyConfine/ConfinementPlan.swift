internal import LatchkeyCore

/// What a process may do after it has confined itself. A value: nothing is in force before ``Confinement/apply(_:)``.
package struct ConfinementPlan: Equatable, Sendable {
    /// A named file whose folder is shared with much else.
    package struct WideFolder: Hashable, Sendable {
        package let folder: String
        package let file: String
    }

    /// Finds the target of a symbolic link; nil for anything else.
    package typealias Link = @Sendable (String) -> String?

    /// The absolute paths of files and folders, and what may be done at and below them.
    package private(set) var places: [String: FileAccess] = [:]
    /// Named files that open a folder which many programs use, in the order of naming.
    package private(set) var wideFolders: [WideFolder] = []
    /// Whether programs may be run.
    package var allowsExecution = false
    /// Whether the process may connect to abstract Unix sockets of others.
    package var allowsAbstractSockets = false

    /// The most links in a row that are followed (path_resolution(7)).
    private static let maxLinks = 40

    /// Folders whose files are no subject of the settings. A file there is named alone, as it is now.
    private static let folderless: Set<String> = ["/", "/dev", "/proc", "/sys"]

    /// Folders that many programs use.
    private let shared: Set<String>

    /// - Parameter home: the home folder, if any.
    package init(home: String? = nil) {
        var shared: Set<String> = [
            "/tmp", "/var/tmp", "/dev/shm", "/home", "/root", "/run", "/var", "/var/lib", "/var/run", "/opt", "/srv",
            "/mnt", "/media",
        ]
        if let home, home.hasPrefix("/") { shared.insert(Self.normalized(home)) }
        self.shared = shared
    }

    /// Allows access to a file, or to everything below a folder.
    package mutating func allow(_ path: String, _ access: FileAccess) {
        places[Self.normalized(path), default: []].formUnion(access)
    }

    /// Allows access to a named file and to all that replaces it: to its folder and, if it is a symbolic link, to the
    /// folders of all that it leads to.
    ///
    /// - Parameters:
    ///   - path: absolute. A path of an inherited descriptor, such as `/dev/fd/3`, needs no access.
    ///   - link: finds the targets of links.
    package mutating func allowFile(_ path: String, _ access: FileAccess, link: Link) {
        guard !SmallFile.isStream(path) else { return }
        var file = Self.normalized(path)
        for _ in 0..<Self.maxLinks {
            allowFolder(of: file, access, named: path)
            guard let target = link(file) else { return }
            file = Self.normalized(target.hasPrefix("/") ? target : "\(Self.folder(of: file))/\(target)")
        }
    }

    private mutating func allowFolder(of file: String, _ access: FileAccess, named path: String) {
        let folder = Self.folder(of: file)
        if Self.folderless.contains(folder) { return allow(file, access) }
        if shared.contains(folder) {
            let wide = WideFolder(folder: folder, file: path)
            if !wideFolders.contains(wide) { wideFolders.append(wide) }
        }
        allow(folder, access)
    }

    /// The folder of an absolute path.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// The path without empty and `.` segments. `..` stays, because it may come after a symbolic link.
    package static func normalized(_ path: String) -> String {
        "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
