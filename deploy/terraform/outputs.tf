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
