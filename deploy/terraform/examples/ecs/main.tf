# The broker beside the application in each ECS task (Fargate). The containers of a task share loopback. The key that
# they share comes from a parameter that the task execution role may read: aws ssm put-parameter.
variable "image" {
  type    = string
  default = "registry.example/latchkey:0.1.0"
}

variable "execution_role_arn" {
  description = "The role that ECS itself uses, to pull images and to read the key."
  type        = string
  default     = "arn:aws:iam::111122223333:role/ecsTaskExecutionRole"
}

variable "key_parameter_arn" {
  description = "The SecureString with the key: openssl rand -hex 32."
  type        = string
  default     = "arn:aws:ssm:eu-central-1:111122223333:parameter/orders/latchkey-api-key"
}

module "latchkey" {
  source = "../.."

  name             = "orders-ecs"
  prefix           = "/orders/prod"
  runtime_services = ["ecs"]
  # Many tasks share tokens without the quota of Parameter Store.
  token_table = "orders-ecs-tokens"
}

resource "aws_ecs_task_definition" "orders" {
  family                   = "orders"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  task_role_arn            = module.latchkey.runtime_role_arn
  execution_role_arn       = var.execution_role_arn

  container_definitions = jsonencode([
    {
      name                   = "latchkey"
      image                  = var.image
      essential              = true
      user                   = "10001:10001"
      readonlyRootFilesystem = true
      stopTimeout            = 30
      environment = [
        for name, value in merge(module.latchkey.settings, { LATCHKEY_LISTEN = "127.0.0.1:8700" }) : { name = name, value = value }
      ]
      secrets = [{ name = "LATCHKEY_API_KEY", valueFrom = var.key_parameter_arn }]
    },
    {
      name        = "orders"
      image       = "registry.example/orders"
      essential   = true
      environment = [{ name = "LATCHKEY_URL", value = "http://127.0.0.1:8700" }]
      secrets     = [{ name = "LATCHKEY_API_KEY", valueFrom = var.key_parameter_arn }]
      # Stopped before the broker.
      dependsOn = [{ containerName = "latchkey", condition = "START" }]
    },
  ])
}
