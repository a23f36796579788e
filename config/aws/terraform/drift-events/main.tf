# SPDX-License-Identifier: Apache-2.0
#
# What ../../cloudformation/drift-events.yaml makes, with its comments; a test compares the two.

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "queue_name" {
  description = "Of the queue, and the beginning of the other names. The operator's IAM policy is for queues that begin with fargate-drift."
  type        = string
  default     = "fargate-drift"
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # A name rather than a reference: the queue itself refers to the dead-letter queue.
  queue_arn = "arn:${data.aws_partition.current.partition}:sqs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:${var.queue_name}"

  patterns = {
    eks = {
      source        = ["aws.eks"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource = ["eks.amazonaws.com"]
        errorCode   = [{ exists = false }]
        eventName = [
          "AssociateEncryptionConfig",
          "CreateCluster",
          "CreateFargateProfile",
          "CreateNodegroup",
          "DeleteCluster",
          "DeleteFargateProfile",
          "DeleteNodegroup",
          "DeregisterCluster",
          "RegisterCluster",
          "TagResource",
          "UntagResource",
          "UpdateClusterConfig",
          "UpdateClusterVersion",
          "UpdateNodegroupConfig",
          "UpdateNodegroupVersion",
        ]
      }
    }
    ec2 = {
      source        = ["aws.ec2"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource = ["ec2.amazonaws.com"]
        errorCode   = [{ exists = false }]
        eventName = [
          "AssociateRouteTable",
          "AssociateSecurityGroupVpc",
          "AssociateSubnetCidrBlock",
          "AuthorizeSecurityGroupEgress",
          "AuthorizeSecurityGroupIngress",
          "CreateDefaultSubnet",
          "CreateManagedPrefixList",
          "CreateRoute",
          "CreateRouteTable",
          "CreateSecurityGroup",
          "CreateSubnet",
          "CreateTags",
          "DeleteManagedPrefixList",
          "DeleteRoute",
          "DeleteRouteTable",
          "DeleteSecurityGroup",
          "DeleteSubnet",
          "DeleteTags",
          "DisableVgwRoutePropagation",
          "DisassociateRouteTable",
          "DisassociateSecurityGroupVpc",
          "DisassociateSubnetCidrBlock",
          "EnableVgwRoutePropagation",
          "ModifyManagedPrefixList",
          "ModifySecurityGroupRules",
          "ModifySubnetAttribute",
          "ReplaceRoute",
          "ReplaceRouteTableAssociation",
          "RestoreManagedPrefixListVersion",
          "RevokeSecurityGroupEgress",
          "RevokeSecurityGroupIngress",
          "UpdateSecurityGroupRuleDescriptionsEgress",
          "UpdateSecurityGroupRuleDescriptionsIngress",
        ]
      }
    }
    kms = {
      source        = ["aws.kms"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource = ["kms.amazonaws.com"]
        errorCode   = [{ exists = false }]
        eventName = [
          "CancelKeyDeletion",
          "CreateAlias",
          "CreateKey",
          "DeleteAlias",
          "DeleteImportedKeyMaterial",
          "DisableKey",
          "DisableKeyRotation",
          "EnableKey",
          "EnableKeyRotation",
          "ImportKeyMaterial",
          "PutKeyPolicy",
          "ReplicateKey",
          "RotateKeyOnDemand",
          "ScheduleKeyDeletion",
          "TagResource",
          "UntagResource",
          "UpdateAlias",
          "UpdateKeyDescription",
          "UpdatePrimaryRegion",
        ]
      }
    }
    logs = {
      source        = ["aws.logs"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource = ["logs.amazonaws.com"]
        errorCode   = [{ exists = false }]
        eventName = [
          "AssociateKmsKey",
          "CreateLogGroup",
          "DeleteDataProtectionPolicy",
          "DeleteLogGroup",
          "DeleteRetentionPolicy",
          "DisassociateKmsKey",
          "PutDataProtectionPolicy",
          "PutLogGroupDeletionProtection",
          "PutRetentionPolicy",
          "TagLogGroup",
          "TagResource",
          "UntagLogGroup",
          "UntagResource",
        ]
      }
    }
    iam = {
      source        = ["aws.iam"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource = ["iam.amazonaws.com"]
        errorCode   = [{ exists = false }]
        eventName = [
          "AttachRolePolicy",
          "CreatePolicy",
          "CreatePolicyVersion",
          "CreateRole",
          "CreateServiceLinkedRole",
          "DeletePolicy",
          "DeletePolicyVersion",
          "DeleteRole",
          "DeleteRolePermissionsBoundary",
          "DeleteRolePolicy",
          "DeleteServiceLinkedRole",
          "DetachRolePolicy",
          "PutRolePermissionsBoundary",
          "PutRolePolicy",
          "SetDefaultPolicyVersion",
          "TagPolicy",
          "TagRole",
          "UntagPolicy",
          "UntagRole",
          "UpdateAssumeRolePolicy",
          "UpdateRole",
          "UpdateRoleDescription",
        ]
      }
    }
  }
}

resource "aws_sqs_queue" "events" {
  name                       = var.queue_name
  sqs_managed_sse_enabled    = true
  message_retention_seconds  = 86400
  visibility_timeout_seconds = 30
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "dead" {
  name                      = "${var.queue_name}-dead"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.queue_arn]
  })
}

data "aws_iam_policy_document" "events" {
  statement {
    sid       = "OnlyTheRules"
    effect    = "Allow"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.events.arn]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for rule in aws_cloudwatch_event_rule.calls : rule.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "events" {
  queue_url = aws_sqs_queue.events.url
  policy    = data.aws_iam_policy_document.events.json
}

resource "aws_cloudwatch_event_rule" "calls" {
  for_each      = local.patterns
  name          = "${var.queue_name}-${each.key}"
  description   = "Changes for the Fargate Security Operator"
  state         = "ENABLED"
  event_pattern = jsonencode(each.value)
}

resource "aws_cloudwatch_event_target" "queue" {
  for_each  = local.patterns
  rule      = aws_cloudwatch_event_rule.calls[each.key].name
  target_id = "queue"
  arn       = aws_sqs_queue.events.arn
}

output "queue_url" {
  description = "For spec.driftEvents.queueURL of the AWSAccount"
  value       = aws_sqs_queue.events.url
}

output "dead_letter_queue_url" {
  description = "What could not be read"
  value       = aws_sqs_queue.dead.url
}
