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
        let results = await sources.concurrentMap { await Self.value(of: $0, from: broker) }
        var values: [TemplateSource: Secret] = [:]
        for (source, result) in zip(sources, results) {
            switch result {
            case .success(let value): values[source] = value
            case .failure(let error): throw failure(error, of: source, in: template)
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
