internal import ArgumentParser
internal import LatchkeyBroker
internal import LatchkeyCore
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeySettings

/// The options of the commands that turn secrets into variables.
struct VariableOptions: ParsableArguments {
    @Option(
        parsing: .singleValue, help: "Only these fields, separated by commas; a field that does not exist is an error.")
    var only: [String] = []
    @Flag(help: "Fail instead of leaving fields out.") var strict = false

    /// The blob's fields as variables, read from the broker at `LATCHKEY_URL` or from the store. Omitted fields are
    /// reported on standard error.
    func variables(_ settings: Settings) async throws -> SecretVariables {
        let wanted = only.flatMap { $0.split(separator: ",").map(String.init) }
        if !only.isEmpty, wanted.isEmpty { throw CommandFailure(.usage, "--only is empty") }
        let blob = try await Self.blob(settings)
        do throws(SecretVariables.Refusal) {
            let variables = try SecretVariables(
                blob: blob, only: only.isEmpty ? nil : Set(wanted), isStrict: strict)
            for (name, flaw) in variables.leftOut.sorted(by: { $0.key < $1.key }) {
                Terminal.printError("\(Table.clean(name)) is left out: \(flaw)")
            }
            return variables
        } catch {
            throw Self.failure(error)
        }
    }

    private static func blob(_ settings: Settings) async throws -> [UInt8] {
        do {
            return settings.url == nil
                ? try await DirectAccess(settings).secret(.blob).value.reveal()
                : try await BrokerConnection(settings).require("/secrets/secrets", accept: "text/plain").body
        } catch let failure as CommandFailure where failure.status == .failed {
            throw CommandFailure(.failed, "there is no secret `secrets`, the JSON object whose fields become variables")
        }
    }

    private static func failure(_ refusal: SecretVariables.Refusal) -> CommandFailure {
        switch refusal {
        case .notAnObject(let error):
            CommandFailure(
                .unavailable, "the secret `secrets` is \(error.map { "\($0)" } ?? "not a JSON object")")
        case .absent(let names):
            CommandFailure(.failed, "no such field: \(names.map(Table.clean).joined(separator: ", "))")
        case .unusable(let flaws):
            CommandFailure(
                .configuration,
                flaws.sorted { $0.key < $1.key }.map { "\(Table.clean($0.key)): \($0.value)" }.joined(separator: "; "))
        }
    }
}
