/// What may be done with a file, or with the files of a folder and below it.
package struct FileAccess: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Open files and folders for reading.
    package static let read = FileAccess(rawValue: 1)
    /// Run programs.
    package static let execute = FileAccess(rawValue: 2)
    /// Write, create, rename and remove files.
    package static let write = FileAccess(rawValue: 4)
    /// Create, rename and remove Unix sockets, and lock their folder.
    package static let sockets = FileAccess(rawValue: 8)
    /// Create and remove folders and links, and move files between folders.
    package static let arrange = FileAccess(rawValue: 16)

    /// Landlock's rights for a place.
    ///
    /// - Parameters:
    ///   - isFolder: a rule for a single file may have no rights that only folders have (landlock_add_rule(2), EINVAL).
    ///   - abi: the kernel's version of Landlock.
    package func rights(isFolder: Bool, abi: Int) -> UInt64 {
        var rights: LandlockRights = []
        if contains(.read) { rights.formUnion([.readFile, .readFolder]) }
        if contains(.execute) { rights.insert(.execute) }
        if contains(.write) { rights.formUnion([.writeFile, .truncate, .makeFile, .removeFile]) }
        if contains(.sockets) { rights.formUnion([.readFolder, .makeSocket, .removeFile]) }
        if contains(.arrange) {
            rights.formUnion([.makeFolder, .removeFolder, .makeLink, .makePipe, .makeSocket, .refer])
        }
        return rights.intersection(.all(abi: abi)).intersection(isFolder ? .all(abi: abi) : .ofFiles).rawValue
    }
}
