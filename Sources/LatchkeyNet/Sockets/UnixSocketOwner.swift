internal import Glibc

/// The owner of a Unix socket as a setting names it: `user`, `user:group` or `:group`, names or ids.
package struct UnixSocketOwner: Hashable, Sendable {
    /// The ids for chown(2); nil leaves the user or the group as it is.
    package struct IDs: Hashable, Sendable {
        package let user: UInt32?
        package let group: UInt32?

        package init(user: UInt32?, group: UInt32?) {
            self.user = user
            self.group = group
        }
    }

    /// The machine does not have this user or group.
    package struct UnknownName: Error, Hashable, Sendable, CustomStringConvertible {
        /// `user` or `group`.
        let kind: String
        let name: String

        package var description: String { "the machine has no \(kind) \(name)" }
    }

    /// The most bytes of a name (useradd(8) has 32; directory services have longer ones).
    private static let maxNameBytes = 256

    private let user: String?
    private let group: String?

    /// Reads `user[:group]` or `:group`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy({ $0.utf8.count <= Self.maxNameBytes && $0.utf8.allSatisfy(Self.isInName) }) else {
            return nil
        }
        user = parts[0].isEmpty ? nil : parts[0]
        group = parts.count == 2 ? parts[1] : nil
        if group == "" || (user == nil && group == nil) { return nil }
    }

    private static func isInName(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: ":") && byte != UInt8(ascii: "/")
    }

    /// Looks the names up in the user database. A number is an id unless it is a name. Without a group the group stays.
    package func ids() throws(UnknownName) -> IDs {
        var ids: (user: UInt32?, group: UInt32?) = (nil, nil)
        if let user {
            guard let id = getpwnam(user).map({ $0.pointee.pw_uid }) ?? Self.number(user) else {
                throw UnknownName(kind: "user", name: user)
            }
            ids.user = id
        }
        if let group {
            guard let id = getgrnam(group).map({ $0.pointee.gr_gid }) ?? Self.number(group) else {
                throw UnknownName(kind: "group", name: group)
            }
            ids.group = id
        }
        return IDs(user: ids.user, group: ids.group)
    }

    /// An id. The largest number means "no change" to chown(2).
    private static func number(_ text: String) -> UInt32? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let id = UInt32(text) else { return nil }
        return id == .max ? nil : id
    }
}
