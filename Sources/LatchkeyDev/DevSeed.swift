internal import LatchkeyCore
package import LatchkeyCrypto

/// What the stand-ins hold when they start: the migration guide's example, with keys of this start's own.
package struct DevSeed: Sendable {
    /// Parameter path, without a slash at its end.
    package var prefix: String
    package var place: AWSPlace
    /// The one AWS access key that is accepted.
    package var accessKeyID: String
    package var secretAccessKey: Secret
    /// The one OAuth client that is accepted.
    package var clientID: String
    package var clientSecret: Secret
    package var audience: String
    package var scopes: [String]
    /// The tenant's domain as the blob names it; requests go where `LATCHKEY_AUTH0_TOKEN_URL` says.
    package var domain: String
    /// What identifiers and sealed values are derived from.
    package var key: Secret

    /// Fixed names and the given keys.
    package init(secretAccessKey: Secret, clientSecret: Secret, key: Secret, prefix: String = "/your-app/dev") {
        self.prefix = prefix
        self.secretAccessKey = secretAccessKey
        self.clientSecret = clientSecret
        self.key = key
        place = AWSPlace()
        accessKeyID = "AKIALATCHKEYDEV00000"
        clientID = "latchkey-dev-client"
        audience = "https://your-app.example/api"
        scopes = ["read:items", "write:items"]
        domain = "your-tenant.auth0.com"
    }

    /// Keys nobody can guess, new for every start.
    package static func random(prefix: String = "/your-app/dev") -> DevSeed {
        DevSeed(
            secretAccessKey: Secret(Base64.encode(Random.bytes(30))),
            clientSecret: Secret(Base64.encodeURL(Random.bytes(48))), key: Secret(Random.bytes(32)), prefix: prefix)
    }

    /// The JSON blob of the guide (`<prefix>/secrets`).
    var blob: JSON {
        [
            "AUTH0_DOMAIN": .string(domain), "AUTH0_CLIENT_ID": .string(clientID),
            "AUTH0_CLIENT_SECRET": .string(clientSecret.revealText() ?? ""), "AUTH0_AUDIENCE": .string(audience),
            "STRIPE_KEY": "sk_test_latchkey_dev",
            "db": ["host": "127.0.0.1", "port": 5432, "password": "dev-password"],
        ]
    }

    /// Parameters at the start: name, kind, value. The token cache is absent, so the first token is issued.
    var parameters: [(name: String, type: ParameterType, value: Secret)] {
        [
            ("\(prefix)/secrets", .secureString, Secret(blob.text)),
            ("\(prefix)/mongodb-uri", .secureString, Secret("mongodb://dev:dev-password@127.0.0.1:27017/your-app")),
            ("\(prefix)/db/password", .secureString, Secret("dev-password")),
            ("\(prefix)/log-level", .string, Secret("debug")),
        ]
    }

    /// The same in Secrets Manager, where names have no slash before them.
    var secrets: [(name: String, value: Secret)] {
        parameters.filter { $0.type == .secureString }.map { (String($0.name.drop { $0 == "/" }), $0.value) }
    }
}
