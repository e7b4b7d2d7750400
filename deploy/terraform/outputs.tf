output "runtime_role_arn" {
  description = "The role the broker runs with."
  value       = aws_iam_role.runtime.arn
}

output "migrator_role_arn" {
  description = "The role that writes secrets; null where there is none."
  value       = one(aws_iam_role.migrator[*].arn)
}

output "kms_key_arn" {
  description = "The key to write secrets with: latchkey put --kms-key, aws ssm put-parameter --type SecureString --key-id; with token_key also for LATCHKEY_TOKEN_KMS_KEY."
  value       = aws_kms_key.secrets.arn
}

output "parameter_names" {
  description = "Names of the parameters that the broker uses. Write blob, and siblings of it below the prefix; the others are the broker's and the migration's."
  value = {
    blob    = "${var.prefix}/secrets"
    token   = "${var.prefix}/auth0-cache/token"
    expires = "${var.prefix}/auth0-cache/expires"
    lease   = "${var.prefix}/auth0-cache/lease"
    backend = "${var.prefix}/latchkey/backend"
    kept    = "${var.prefix}/latchkey/kept"
  }
}

output "settings" {
  description = "Settings of the broker that follow from this module, as environment variables."
  value = merge(
    { AWS_REGION = data.aws_region.current.name, LATCHKEY_PREFIX = var.prefix },
    var.token_table == null ? {} : { LATCHKEY_SHARED_TIER = "dynamodb:${var.token_table}" },
    var.token_table == null && var.token_key ? { LATCHKEY_TOKEN_KMS_KEY = aws_kms_key.secrets.arn } : {},
  )
}

output "runtime_policy" {
  description = "The policy of the broker, for a role that is made elsewhere."
  value       = local.policies[local.runtime]
}

output "instance_profile" {
  description = "What an EC2 instance with the broker is started with; null where the broker does not run on EC2."
  value       = one(aws_iam_instance_profile.runtime[*].name)
}

output "layer_arn" {
  description = "The version of the Lambda layer; null where there is none."
  value       = one(aws_lambda_layer_version.broker[*].arn)
}
