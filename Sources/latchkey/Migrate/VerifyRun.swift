internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyMetrics
internal import LatchkeyMigration
internal import LatchkeyUpstream

/// Compares both stores on fresh reads, as ``Verification`` requires.
struct VerifyRun {
    /// One secret and its parameter.
    struct Pair: Sendable {
        let secret: String
        let target: String
        /// The parameter's version at which the journal's copy verified it.
        let version: Int64?
    }

    let access: MigrationAccess
    let key: DigestKey

    /// The results, in the order of `pairs`.
    /// - Parameter first: reads made shortly before.
    func run(_ pairs: [Pair], first: [Int: Verification.Reading]) async throws -> [Verification.Finding] {
        var verification = Verification(names: pairs.map(\.secret), expected: pairs.map(\.version), key: key)
        var action = verification.start()
        var isFirst = true
        while action != .finish {
            switch action {
            case .finish: break
            case .pause(let duration):
                await Timing.systemSleep(.current + duration)
                action = verification.afterPause()
            case .read(let indices):
                let readings = isFirst ? first : try await read(indices.map { ($0, pairs[$0]) })
                isFirst = false
                action = verification.after(readings)
            }
        }
        return pairs.indices.compactMap { verification.findings[$0] }
    }

    private func read(_ open: [(index: Int, pair: Pair)]) async throws -> [Int: Verification.Reading] {
        let readings = try await MigrationAccess.each(open, showing: "compared") { entry in
            (entry.index, await self.read(entry.pair))
        }
        return Dictionary(readings, uniquingKeysWith: { $1 })
    }

    private func read(_ pair: Pair) async -> Verification.Reading {
        var reading = Verification.Reading()
        do throws(AWSError) {
            let version = try await access.secretsManager.get(pair.secret, deadline: access.deadline)
            reading.old = version.isBinary ? .binary(version.value) : .text(version.value)
        } catch {
            if error.kind != .notFound { reading.failure = StoreFailure(error) }
        }
        do throws(AWSError) {
            let found = try await access.parameterStore.get([pair.target], deadline: access.deadline)
            reading.new = found.parameters.first.map { .text($0.value) }
            reading.version = found.parameters.first?.version
        } catch {
            reading.failure = StoreFailure(error)
        }
        return reading
    }
}
