internal import LatchkeyCore
package import LatchkeyCrypto

/// The initial content of the emulated services: the secrets of the migration guide's example application, with new keys.
package struct DevSeed: Sendable {
    /// The parameter path, without a slash at its end.
    package var prefix: String
    package var location: AWSLocation
    /// The AWS access key that the services accept.
    package var accessKeyID: String
    package var secretAccessKey: Secret
    /// The OAuth client that the issuer accepts.
    package var clientID: String
    package var clientSecret: Secret
    package var audience: String
    package var scopes: [String]
    /// The tenant's domain in the blob. Requests go to `LATCHKEY_AUTH0_TOKEN_URL` instead.
    package var domain: String
    /// The key from which identifiers and encrypted values are derived.
    package var key: Secret

    /// Fixed names, and the given keys.
    package init(secretAccessKey: Secret, clientSecret: Secret, key: Secret, prefix: String = "/your-app/dev") {
        self.prefix = prefix
        self.secretAccessKey = secretAccessKey
        self.clientSecret = clientSecret
        self.key = key
        location = AWSLocation()
        accessKeyID = "AKIALATCHKEYDEV00000"
        clientID = "latchkey-dev-client"
        audience = "https://your-app.example/api"
        scopes = ["read:items", "write:items"]
        domain = "your-tenant.auth0.com"
    }

    /// Fixed names, and new random keys.
    package static func random(prefix: String = "/your-app/dev") -> DevSeed {
        DevSeed(
            secretAccessKey: Secret(Base64.encode(Random.bytes(30))),
            clientSecret: Secret(Base64.encodeURL(Random.bytes(48))), key: Secret(Random.bytes(32)), prefix: prefix)
    }

    /// The JSON blob, the parameter `<prefix>/secrets`.
    var blob: JSON {
        [
            "AUTH0_DOMAIN": .string(domain), "AUTH0_CLIENT_ID": .string(clientID),
            "AUTH0_CLIENT_SECRET": .string(clientSecret.revealText() ?? ""), "AUTH0_AUDIENCE": .string(audience),
            "STRIPE_KEY": "sk_test_latchkey_dev",
            "db": ["host": "127.0.0.1", "port": 5432, "password": "dev-password"],
        ]
    }

    /// The initial parameters. The token cache is not among them, so the first request issues a token.
    var parameters: [(name: String, type: ParameterType, value: Secret)] {
        [
            ("\(prefix)/secrets", .secureString, Secret(blob.text)),
            ("\(prefix)/mongodb-uri", .secureString, Secret("mongodb://dev:dev-password@127.0.0.1:27017/your-app")),
            ("\(prefix)/db/password", .secureString, Secret("dev-password")),
            ("\(prefix)/log-level", .string, Secret("debug")),
        ]
    }

    /// The same secrets in Secrets Manager, whose names have no leading slash.
    var secrets: [(name: String, value: Secret)] {
        parameters.filter { $0.type == .secureString }.map { (String($0.name.drop { $0 == "/" }), $0.value) }
    }
}
