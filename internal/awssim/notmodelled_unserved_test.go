// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

var (
	some = aws.String("some")
	prod = aws.String("prod")
)

// unservedOperations begin with a call that the simulator does not serve.
var unservedOperations = attempts{
	"EKS: add-ons": func(_ *testing.T, r *rig) string {
		return outcome(r.eks.CreateAddon(ctx, &eks.CreateAddonInput{ClusterName: prod, AddonName: some}))
	},
	"EKS: access entries": func(_ *testing.T, r *rig) string {
		return outcome(r.eks.CreateAccessEntry(ctx, &eks.CreateAccessEntryInput{ClusterName: prod, PrincipalArn: aws.String(nodeRole)}))
	},
	"EKS: pod identity": func(_ *testing.T, r *rig) string {
		return outcome(r.eks.CreatePodIdentityAssociation(ctx, &eks.CreatePodIdentityAssociationInput{ClusterName: prod, Namespace: some, RoleArn: aws.String(podRole), ServiceAccount: some}))
	},
	"EKS: identity providers": func(_ *testing.T, r *rig) string {
		oidc := &ekstypes.OidcIdentityProviderConfigRequest{ClientId: some, IdentityProviderConfigName: some, IssuerUrl: aws.String("https://a.example.com")}
		return outcome(r.eks.AssociateIdentityProviderConfig(ctx, &eks.AssociateIdentityProviderConfigInput{ClusterName: prod, Oidc: oidc}))
	},
	"EKS: encryption of a cluster that is there": func(_ *testing.T, r *rig) string {
		config := []ekstypes.EncryptionConfig{{Resources: []string{"secrets"}}}
		return outcome(r.eks.AssociateEncryptionConfig(ctx, &eks.AssociateEncryptionConfigInput{ClusterName: prod, EncryptionConfig: config}))
	},
	"EKS: version upgrades": func(_ *testing.T, r *rig) string {
		return outcome(r.eks.UpdateClusterVersion(ctx, &eks.UpdateClusterVersionInput{Name: prod, Version: aws.String("1.36")}))
	},
	"EKS: changes to node groups": func(_ *testing.T, r *rig) string {
		return outcome(r.eks.UpdateNodegroupConfig(ctx, &eks.UpdateNodegroupConfigInput{ClusterName: prod, NodegroupName: some}))
	},
	"IAM: users": func(_ *testing.T, r *rig) string {
		return outcome(r.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: some}))
	},
	"IAM: groups": func(_ *testing.T, r *rig) string {
		return outcome(r.iam.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: some}))
	},
	"IAM: instance profiles": func(_ *testing.T, r *rig) string {
		return outcome(r.iam.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: some}))
	},
	"IAM: OIDC providers": func(_ *testing.T, r *rig) string {
		return outcome(r.iam.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://a.example.com")}))
	},
	"IAM: server certificates": func(_ *testing.T, r *rig) string {
		return outcome(r.iam.UploadServerCertificate(ctx, &iam.UploadServerCertificateInput{ServerCertificateName: some, CertificateBody: some, PrivateKey: some}))
	},
	"IAM: the policy simulator": func(_ *testing.T, r *rig) string {
		return outcome(r.iam.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(podRole), ActionNames: []string{"s3:GetObject"}}))
	},
	"SQS: deletion of queues": func(_ *testing.T, r *rig) string {
		return outcome(r.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: some}))
	},
	"SQS: purging": func(_ *testing.T, r *rig) string {
		return outcome(r.sqs.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: some}))
	},
	"SQS: batches that send": func(_ *testing.T, r *rig) string {
		return outcome(r.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: some, Entries: []sqstypes.SendMessageBatchRequestEntry{{Id: some, MessageBody: some}}}))
	},
	"SQS: FIFO queues": func(_ *testing.T, r *rig) string {
		return outcome(r.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("a.fifo"), Attributes: map[string]string{"FifoQueue": "true"}}))
	},
	"SQS: encryption": func(_ *testing.T, r *rig) string {
		return outcome(r.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: some, Attributes: map[string]string{"KmsMasterKeyId": "alias/a"}}))
	},
	"EC2: instances": func(_ *testing.T, r *rig) string {
		return outcome(r.ec2.RunInstances(ctx, &ec2.RunInstancesInput{MinCount: aws.Int32(1), MaxCount: aws.Int32(1)}))
	},
	"EC2: addresses": func(_ *testing.T, r *rig) string {
		return outcome(r.ec2.AllocateAddress(ctx, &ec2.AllocateAddressInput{}))
	},
	"EC2: peering": func(_ *testing.T, r *rig) string {
		return outcome(r.ec2.CreateVpcPeeringConnection(ctx, &ec2.CreateVpcPeeringConnectionInput{VpcId: aws.String("vpc-0a"), PeerVpcId: aws.String("vpc-0b")}))
	},
	"EC2: network ACLs": func(_ *testing.T, r *rig) string {
		return outcome(r.ec2.CreateNetworkAcl(ctx, &ec2.CreateNetworkAclInput{VpcId: aws.String("vpc-0a")}))
	},
	"EC2: VPC endpoints": func(_ *testing.T, r *rig) string {
		return outcome(r.ec2.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{VpcId: aws.String("vpc-0a"), ServiceName: some}))
	},
	"EC2: changes to prefix lists": func(_ *testing.T, r *rig) string {
		return outcome(r.ec2.ModifyManagedPrefixList(ctx, &ec2.ModifyManagedPrefixListInput{
			PrefixListId: some, AddEntries: []ec2types.AddPrefixListEntry{{Cidr: aws.String("10.0.0.0/8")}},
		}))
	},
	"KMS: grants": func(_ *testing.T, r *rig) string {
		return outcome(r.kms.CreateGrant(ctx, &kms.CreateGrantInput{KeyId: some, GranteePrincipal: aws.String(podRole), Operations: []kmstypes.GrantOperation{"Decrypt"}}))
	},
	"KMS: key stores": func(_ *testing.T, r *rig) string {
		return outcome(r.kms.CreateCustomKeyStore(ctx, &kms.CreateCustomKeyStoreInput{CustomKeyStoreName: some}))
	},
	"KMS: cryptography": func(_ *testing.T, r *rig) string {
		return outcome(r.kms.Encrypt(ctx, &kms.EncryptInput{KeyId: some, Plaintext: []byte("a")}))
	},
	"KMS: rotation on demand": func(_ *testing.T, r *rig) string {
		return outcome(r.kms.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: some}))
	},
	"Logs: log streams": func(_ *testing.T, r *rig) string {
		return outcome(r.logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: some, LogStreamName: some}))
	},
	"Logs: log events": func(_ *testing.T, r *rig) string {
		events := []logstypes.InputLogEvent{{Message: some, Timestamp: aws.Int64(testTime.UnixMilli())}}
		return outcome(r.logs.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: some, LogStreamName: some, LogEvents: events}))
	},
	"Logs: subscriptions": func(_ *testing.T, r *rig) string {
		return outcome(r.logs.PutSubscriptionFilter(ctx, &cloudwatchlogs.PutSubscriptionFilterInput{LogGroupName: some, FilterName: some, FilterPattern: some, DestinationArn: some}))
	},
	"Logs: data protection": func(_ *testing.T, r *rig) string {
		return outcome(r.logs.PutDataProtectionPolicy(ctx, &cloudwatchlogs.PutDataProtectionPolicyInput{LogGroupIdentifier: some, PolicyDocument: some}))
	},
	"Logs: changes to deletion protection": func(_ *testing.T, r *rig) string {
		return outcome(r.logs.PutLogGroupDeletionProtection(ctx, &cloudwatchlogs.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: some, DeletionProtectionEnabled: aws.Bool(true)}))
	},
	"Tagging: writing tags": func(_ *testing.T, r *rig) string {
		return outcome(r.tagging.TagResources(ctx, &resourcegroupstaggingapi.TagResourcesInput{ResourceARNList: []string{podRole}, Tags: map[string]string{"a": "b"}}))
	},
	"STS: sessions of users": func(_ *testing.T, r *rig) string {
		return outcome(r.sts.GetSessionToken(ctx, &sts.GetSessionTokenInput{}))
	},
	"STS: encoded messages": func(_ *testing.T, r *rig) string {
		return outcome(r.sts.DecodeAuthorizationMessage(ctx, &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String(EncodedMessage)}))
	},
}
