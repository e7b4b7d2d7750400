internal import LatchkeyCore
internal import LatchkeyHTTP
internal import LatchkeyMetrics

extension APIRequest {
    /// The secrets or profiles that the request asks for, as the caller writes them. They may be malformed. Empty for the
    /// default profile and for a list.
    var names: [String] {
        switch entry.route {
        case .token, .tokenRejected, .oauthToken, .aws, .cacheClear, .health, .livez, .readyz, .metrics, .openAPI,
            .other:
            return bodyNames
        case .tokenProfile, .secret: return [Self.text(pathParameter)]
        case .secrets:
            guard let keys = parameter(["keys"]) else { return [] }
            return Array(keys.utf8.split(separator: UInt8(ascii: ",")).prefix(SecretBatch.maxKeys)).map {
                String(Substring($0))
            }
        case .extensionParameters, .extensionSecrets:
            if !bodyNames.isEmpty { return bodyNames }
            let path = pathParameter
            return path.isEmpty ? [parameter(["name", "secretId"]) ?? ""] : [Self.text(path)]
        }
    }

    private func parameter(_ names: Set<String>) -> String? {
        PercentEncoding.pairs(queryBytes, allowsZero: true)?.first { names.contains($0.name) }?.value
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        PercentEncoding.decode(bytes) ?? String(decoding: bytes, as: UTF8.self)
    }
}
