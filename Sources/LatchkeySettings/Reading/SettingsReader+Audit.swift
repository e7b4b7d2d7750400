internal import LatchkeyCrypto

extension SettingsReader {
    /// Reads the settings of the audit log.
    mutating func readAudit(_ settings: inout Settings) {
        let key = text(.auditKey).flatMap { signingKey($0) }
        let (isSynced, onFailure) = (flag(.auditSync), choice(.auditOnFailure, AuditSettings.OnFailure.refuse))
        guard let target = text(.auditLog) else {
            if key != nil { reject(.auditKey, "needs \(SettingName.auditLog.rawValue)") }
            return
        }
        var audit = AuditSettings(target: target)
        (audit.key, audit.isSynced, audit.onFailure) = (key, isSynced, onFailure)
        settings.audit = audit
    }

    private mutating func signingKey(_ text: String) -> Ed25519SigningKey? {
        if let key = Ed25519SigningKey(pem: Secret(text)) { return key }
        reject(
            .auditKey,
            "is no unencrypted Ed25519 private key in PEM; make one with: openssl genpkey -algorithm ed25519")
        return nil
    }
}
