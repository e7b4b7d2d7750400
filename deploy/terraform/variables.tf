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

variable "runtime_services" {
  description = "Where the broker runs: ec2, ecs, lambda, or several of them."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.runtime_services, ["ec2", "ecs", "lambda"])) == 0
    error_message = "The services are ec2, ecs and lambda. For EKS set runtime_oidc or pod_identity."
  }
}

variable "runtime_oidc" {
  description = "Issuers of web identity tokens for the broker, such as an EKS cluster (IRSA): a list of objects with provider_arn, subjects and audience. The folder oidc has their types and rules."
  type        = any
  default     = []
}

variable "pod_identity" {
  description = "EKS Pod Identity: the cluster, and the service account of the broker (deploy/kubernetes/overlays/pod-identity)."
  type = object({
    cluster         = string
    namespace       = optional(string, "latchkey")
    service_account = optional(string, "latchkey")
  })
  default = null
}

variable "runtime_principals" {
  description = "Who else runs the broker: ARNs of the users or roles that may take on its role."
  type        = list(string)
  default     = []
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

variable "migrator_oidc" {
  description = "Issuers of web identity tokens for whoever writes secrets, such as the jobs of a deployment pipeline: as runtime_oidc."
  type        = any
  default     = []
}

variable "layer_file" {
  description = "The zip file that deploy/lambda/layer made, for a Lambda layer. Null: no layer."
  type        = string
  default     = null
}

variable "layer_architecture" {
  description = "What the file was built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.layer_architecture)
    error_message = "The architecture is x86_64 or arm64."
  }
}
