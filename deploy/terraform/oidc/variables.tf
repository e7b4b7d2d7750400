# The issuers of web identity tokens that may take on one role, and the statements of its trust policy for them.

variable "issuers" {
  description = "The ARN of the IAM OIDC provider, the subjects (* matches any characters) and the audience of each issuer."
  type = list(object({
    provider_arn = string
    subjects     = list(string)
    audience     = optional(string, "sts.amazonaws.com")
  }))

  validation {
    condition = alltrue([
      for issuer in var.issuers : can(regex(":oidc-provider/.+", issuer.provider_arn)) && length(issuer.subjects) > 0
      && alltrue([for subject in issuer.subjects : can(regex("[^*?]{4}", subject))])
    ])
    error_message = "Each issuer has the ARN of an OIDC provider and subjects; a subject of wildcards alone would let everyone in."
  }
}
