variable "prefix" {
  description = "Parameter path of the application, as LATCHKEY_PREFIX has it."
  type        = string
  default     = "/your-app/dev"

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_.-]+)+$", var.prefix)) && !can(regex("^/(aws|ssm)", lower(var.prefix)))
    error_message = "A path like /your-app/dev, and not below aws or ssm, which Parameter Store reserves."
  }
}

variable "name" {
  description = "What the roles, policies and the key's alias are named after."
  type        = string
  default     = "latchkey"
}

variable "runtime_principals" {
  description = "Who runs the broker: ARNs of the users or roles that may take on its role."
  type        = list(string)
}

variable "token_table" {
  description = "Name of a DynamoDB table for LATCHKEY_SHARED_TIER=dynamodb:<table>. Null: none, tokens are shared in Parameter Store."
  type        = string
  default     = null
}

variable "token_key" {
  description = "Whether the broker may write tokens under the KMS key made here: set LATCHKEY_TOKEN_KMS_KEY to the output kms_key_arn. Without effect where there is a token_table."
  type        = bool
  default     = false
}

variable "migrator_principals" {
  description = "Who writes secrets: ARNs of the users or roles that may take on the migrator's role. Empty: no such role."
  type        = list(string)
  default     = []
}
