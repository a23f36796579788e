// SPDX-License-Identifier: Apache-2.0

package awssim

// builtinPolicies are some of AWS's managed policies. The Fargate pod
// execution policy is as the AWS managed policy reference lists it; the others
// are shortened to what tells them apart.
var builtinPolicies = map[string]string{
	"arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy": allowPolicy(`"ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage"`),
	"arn:aws:iam::aws:policy/AdministratorAccess":                    allowPolicy(`"*"`),
	"arn:aws:iam::aws:policy/IAMFullAccess":                          allowPolicy(`"iam:*","organizations:DescribeAccount","organizations:ListPolicies"`),
	"arn:aws:iam::aws:policy/PowerUserAccess": `{"Version":"2012-10-17","Statement":[` +
		`{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},` +
		`{"Effect":"Allow","Action":["iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeOrganization"],"Resource":"*"}]}`,
	"arn:aws:iam::aws:policy/ReadOnlyAccess":                     allowPolicy(`"ec2:Describe*","ec2:Get*","ecr:Get*","ecr:List*","eks:Describe*","eks:List*","iam:Get*","iam:List*","kms:Describe*","kms:List*","logs:Describe*","logs:Get*","s3:Get*","s3:List*"`),
	"arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy":        allowPolicy(`"cloudwatch:PutMetricData","ec2:DescribeVolumes","ec2:DescribeTags","logs:PutLogEvents","logs:PutRetentionPolicy","logs:DescribeLogStreams","logs:DescribeLogGroups","logs:CreateLogStream","logs:CreateLogGroup"`),
	"arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly": allowPolicy(`"ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages","ecr:BatchGetImage"`),
	"arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy": `{"Version":"2012-10-17","Statement":[` +
		`{"Effect":"Allow","Action":["ec2:AssignPrivateIpAddresses","ec2:AttachNetworkInterface","ec2:CreateNetworkInterface","ec2:DeleteNetworkInterface","ec2:DescribeInstances","ec2:DescribeNetworkInterfaces","ec2:DetachNetworkInterface","ec2:ModifyNetworkInterfaceAttribute","ec2:UnassignPrivateIpAddresses"],"Resource":"*"},` +
		`{"Effect":"Allow","Action":["ec2:CreateTags"],"Resource":["arn:aws:ec2:*:*:network-interface/*"]}]}`,
	"arn:aws:iam::aws:policy/aws-service-role/AmazonEKSForFargateServiceRolePolicy": allowPolicy(`"ec2:CreateNetworkInterface","ec2:CreateNetworkInterfacePermission","ec2:DeleteNetworkInterface","ec2:DescribeNetworkInterfaces","ec2:DescribeSecurityGroups","ec2:DescribeSubnets","ec2:DescribeVpcs","ec2:DescribeDhcpOptions","ec2:DescribeRouteTables"`),
	"arn:aws:iam::aws:policy/aws-service-role/AmazonEKSServiceRolePolicy":           allowPolicy(`"ec2:CreateNetworkInterface","ec2:DeleteNetworkInterface","ec2:DescribeNetworkInterfaces","ec2:DescribeSecurityGroups","ec2:DescribeSubnets","ec2:DescribeVpcs"`),
	"arn:aws:iam::aws:policy/aws-service-role/AWSServiceRoleForAmazonEKSNodegroup":  allowPolicy(`"ec2:DescribeInstances","ec2:DescribeSecurityGroups","ec2:DescribeSubnets","autoscaling:DescribeAutoScalingGroups"`),
}

// allowPolicy is a policy that allows actions on everything.
func allowPolicy(actions string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + actions + `],"Resource":"*"}]}`
}
