internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeySettings

/// One pair of a template and a file.
struct RenderJob: Sendable {
    let templatePath: String
    let file: RenderedFile
    let notice: RenderNotice
    let limits: RenderLimits

    /// Reads the template.
    func template() throws -> Template {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileReader.read(templatePath, limit: limits.templateBytes)
        } catch {
            throw CommandFailure(.usage, "cannot read \(templatePath): \(error)")
        }
        do throws(TemplateError) {
            return try Template(bytes, limits: limits)
        } catch {
            throw CommandFailure(.configuration, "\(templatePath):\(error)")
        }
    }

    /// A connection to the broker of the settings as they are now.
    func connect() throws -> BrokerConnection {
        let settings = try CommandEnvironment.settings(need: .broker)
        return try BrokerConnection(settings, maxConnections: limits.connections)
    }

    /// The content of the file, from values that are read now.
    ///
    /// - Throws: the failure of the first placeholder that cannot be filled in, with its place.
    func content(_ template: Template, from broker: BrokerConnection) async throws -> [UInt8] {
        let sources = template.sources
        // Tasks return the position and not the source: with a tuple of both, the optimizer of Swift 6.3.1 makes a program
        // that crashes.
        let results = await withTaskGroup(of: (index: Int, value: Result<Secret, any Error>).self) { group in
            for (index, source) in sources.enumerated() {
                group.addTask { (index, await Self.value(of: source, from: broker)) }
            }
            var results: [Int: Result<Secret, any Error>] = [:]
            for await result in group { results[result.index] = result.value }
            return results
        }
        var values: [TemplateSource: Secret] = [:]
        for (index, source) in sources.enumerated() {
            switch results[index] {
            case .success(let value): values[source] = value
            case .failure(let error): throw failure(error, of: source, in: template)
            case nil: break
            }
        }
        do throws(TemplateError) {
            return try template.rendered(values)
        } catch {
            throw CommandFailure(.failed, "\(templatePath):\(error)")
        }
    }

    private static func value(
        of source: TemplateSource, from broker: BrokerConnection
    ) async -> Result<Secret, any Error> {
        do {
            return .success(try await source.value(from: broker))
        } catch {
            return .failure(error)
        }
    }

    private func failure(_ error: any Error, of source: TemplateSource, in template: Template) -> any Error {
        guard let failure = error as? CommandFailure else { return error }
        let place = template.place(of: source).map { ":\($0)" } ?? ""
        return CommandFailure(failure.status, "\(templatePath)\(place): \(source): \(failure.message)")
    }
}
