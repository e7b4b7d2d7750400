output "runtime_role_arn" {
  description = "The role the broker runs with."
  value       = aws_iam_role.runtime.arn
}

output "migrator_role_arn" {
  description = "The role that writes secrets; null where there is none."
  value       = one(aws_iam_role.migrator[*].arn)
}

output "kms_key_arn" {
  description = "The key to write secrets with: aws ssm put-parameter --type SecureString --key-id."
  value       = aws_kms_key.secrets.arn
}
