import LatchkeyBroker
import LatchkeyCore
import LatchkeyCrypto
import LatchkeySettings

/// Fuzzes the reader of callers files and the changes of `latchkey callers`: accepted callers follow the rules, a change
/// concerns one caller alone, and no message contains a secret.
enum CallersFuzz {
    private static let secret = Array(#""sigv4_secret":"hush-hush""#.utf8)
    private static let fresh = SHA256.hash("another key")

    static func run(_ bytes: [UInt8]) throws(FuzzViolation) {
        // The reader gets only UTF-8.
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let file = CallersFile(text)
        try require(file.problems.count <= CallersFile.Limits.problems + 1, "the number of problems is limited")
        let planted = count(secret, bytes)
        if planted > 0, planted == count(PlantedSecret.marker, bytes) {
            try require(!file.problems.contains { PlantedSecret.holds($0) }, "no message contains a secret")
        }
        guard file.problems.isEmpty else { return }
        try checkRules(file)
        guard let edit = try? CallersFileEdit(text) else {
            throw FuzzViolation(description: "a file that is accepted can be changed")
        }
        try checkChanges(of: file, edit)
    }

    private static func checkRules(_ file: CallersFile) throws(FuzzViolation) {
        let ids = file.callers.map(\.caller.id)
        try require(ids.count <= CallersFile.Limits.callers, "the number of callers is limited")
        try require(Set(ids).count == ids.count, "ids are unique")
        try require(ids.allSatisfy { CallerDefinition.isID($0) }, "ids have the characters of ids")
        try require(file.callers.allSatisfy { !$0.caller.scopes.isEmpty }, "each caller has a scope")
        // One caller may name the same key or user twice.
        let keys = file.callers.flatMap { Set($0.credentials.keys) }
        try require(Set(keys).count == keys.count, "no key has two callers")
        let users = file.callers.flatMap { Set($0.credentials.users) }
        try require(Set(users).count == users.count, "no user is two callers")
        try require(
            file.conflict(withKeys: keys) != nil || keys.isEmpty, "a key of a caller conflicts with the API key")
    }

    private static func checkChanges(of file: CallersFile, _ edit: CallersFileEdit) throws(FuzzViolation) {
        let ids = file.callers.map(\.caller.id)
        let isFresh = !file.callers.contains { $0.credentials.keys.contains(fresh) }
        if isFresh, ids.count < CallersFile.Limits.callers, !ids.contains("added") {
            let members: [(name: String, value: JSON)] = [
                ("id", "added"), ("key_sha256", [.string(fresh.hex)]), ("scopes", ["token"]),
            ]
            try checkIDs(try? edit.adding(members), are: ids + ["added"])
        }
        for (index, caller) in file.callers.enumerated() {
            var others = ids
            others.remove(at: index)
            try checkIDs(try? edit.removing(caller.caller.id), are: others)
            guard let newest = caller.credentials.keys.last else { continue }
            if isFresh {
                let text = try? edit.rotating(caller.caller.id, to: fresh)
                try checkIDs(text, are: ids)
                let keys = text.map { CallersFile($0).callers[index].credentials.keys }
                try require(keys == [newest, fresh], "a rotation keeps the newest key")
            }
            let text = try? edit.withdrawingOldKeys(of: caller.caller.id)
            try checkIDs(text, are: ids)
            try require(
                text.map { CallersFile($0).callers[index].credentials.keys } == [newest], "only the newest key stays")
        }
    }

    private static func checkIDs(_ text: String?, are ids: [String]) throws(FuzzViolation) {
        guard let text else { throw FuzzViolation(description: "an accepted file can be changed") }
        let changed = CallersFile(text)
        try require(changed.problems.isEmpty, "a changed file is accepted")
        try require(changed.callers.map(\.caller.id) == ids, "a change concerns one caller alone")
    }

    private static func count(_ wanted: [UInt8], _ bytes: [UInt8]) -> Int {
        bytes.indices.count { bytes[$0...].starts(with: wanted) }
    }
}
