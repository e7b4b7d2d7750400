# An issuer's condition keys begin with its host and path, which the provider's ARN ends with.
output "statements" {
  description = "The statements of the trust policy."
  value = [
    for issuer in var.issuers : {
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = issuer.provider_arn }
      Condition = {
        StringEquals = { "${regex("oidc-provider/(.+)$", issuer.provider_arn)[0]}:aud" = issuer.audience }
        StringLike   = { "${regex("oidc-provider/(.+)$", issuer.provider_arn)[0]}:sub" = issuer.subjects }
      }
    }
  ]
}
