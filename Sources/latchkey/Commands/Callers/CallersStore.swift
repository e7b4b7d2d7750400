internal import ArgumentParser
internal import Glibc
internal import LatchkeyCore
internal import LatchkeySettings

/// The callers file of a command: reads it, and writes it in one step.
struct CallersStore: ParsableArguments {
    @Option(help: "The callers file (LATCHKEY_CALLERS_FILE).") var file: String?

    /// The path of the file itself, if a link leads to it.
    func path() throws -> String {
        let sources = CommandEnvironment.examine(need: .broker).settings.sources
        guard let path = file ?? sources.given[.callersFile]?.text else {
            throw CommandFailure(.usage, "no callers file: set \(SettingName.callersFile.rawValue), or give --file")
        }
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The text of the file; nil if it does not exist.
    func text(at path: String) throws -> String? {
        do throws(FileError) {
            let bytes = try FileReader.read(path, limit: CallersFile.Limits.fileBytes)
            guard let text = String(validating: bytes, as: UTF8.self) else { throw FileError.notText }
            return text
        } catch .absent {
            return nil
        } catch {
            throw CommandFailure(.configuration, "\(path): \(error)")
        }
    }

    /// The callers of the file.
    func callers() throws -> CallersFile {
        let path = try path()
        guard let text = try text(at: path) else {
            throw CommandFailure(.configuration, "\(path): \(FileError.absent)")
        }
        return try Self.checked(text)
    }

    /// Changes the file, which keeps its owner and mode.
    ///
    /// - Parameters:
    ///   - initial: the text of a file that does not exist; nil to fail then.
    ///   - edit: returns the new text.
    func change(initial: String? = nil, _ edit: (CallersFileEdit) throws(CallersFileEdit.Problem) -> String) throws {
        let path = try path()
        let before = try text(at: path)
        guard let old = before ?? initial else { throw CommandFailure(.configuration, "\(path): \(FileError.absent)") }
        let new: String
        do throws(CallersFileEdit.Problem) {
            new = try edit(try CallersFileEdit(old))
        } catch {
            throw CommandFailure(.failed, "\(error)")
        }
        _ = try Self.checked(new)
        guard try text(at: path) == before else {
            throw CommandFailure(.failed, "\(path) has changed meanwhile: run the command again")
        }
        do throws(DurableFile.Failure) {
            try DurableFile.write(Array(new.utf8), to: path, keepsOwner: before != nil)
        } catch {
            throw CommandFailure(.failed, "cannot write \(path): \(String(cString: strerror(error.code)))")
        }
    }

    private static func checked(_ text: String) throws -> CallersFile {
        let file = CallersFile(text)
        guard file.problems.isEmpty else {
            throw SettingsError(lines: file.problems.map { "\(SettingName.callersFile.rawValue): \($0)" })
        }
        return file
    }
}
