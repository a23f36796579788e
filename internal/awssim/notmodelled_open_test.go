// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

const (
	denyAll  = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
	doorRole = "arn:aws:iam::111122223333:role/door"
)

// openDoors are calls that AWS would refuse, or not take at once.
var openDoors = attempts{
	"All: signatures": func(_ *testing.T, r *rig) string {
		forged := iam.New(r.iam.Options(), func(o *iam.Options) {
			o.Credentials = credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "guessed", "")
		})
		return outcome(forged.ListRoles(ctx, &iam.ListRolesInput{}))
	},
	"SQS: queue policies": func(_ *testing.T, r *rig) string {
		url := aws.String(r.url + r.sim.CreateQueue("a"))
		policy := map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}]}`}
		if _, err := r.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: policy}); err != nil {
			return err.Error()
		}
		return outcome(r.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: some}))
	},
	"All: identity policies of callers": func(t *testing.T, r *rig) string {
		r.createRole(t, "door", trustOf(`{"AWS":"arn:aws:iam::111122223333:root"}`))
		_, err := r.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("door"), PolicyName: some, PolicyDocument: aws.String(denyAll)})
		ok(t, err)
		return r.enter(t, &sts.AssumeRoleInput{})
	},
	"All: permissions boundaries": func(t *testing.T, r *rig) string {
		r.createRole(t, "door", trustOf(`{"AWS":"arn:aws:iam::111122223333:root"}`))
		policy := must[*iam.CreatePolicyOutput](t)(r.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: some, PolicyDocument: aws.String(denyAll)}))
		_, err := r.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("door"), PermissionsBoundary: policy.Policy.Arn})
		ok(t, err)
		return r.enter(t, &sts.AssumeRoleInput{})
	},
	"All: session policies": func(t *testing.T, r *rig) string {
		r.createRole(t, "door", trustOf(`{"AWS":"arn:aws:iam::111122223333:root"}`))
		return r.enter(t, &sts.AssumeRoleInput{Policy: aws.String(denyAll), PolicyArns: []ststypes.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/AWSDenyAll")}}})
	},
	"All: the end of sessions": func(t *testing.T, r *rig) string {
		r.createRole(t, "door", trustOf(`{"AWS":"arn:aws:iam::111122223333:root"}`))
		session := r.session(t, &sts.AssumeRoleInput{DurationSeconds: aws.Int32(900)})
		r.clock.Advance(15 * time.Minute)
		return outcome(session.iam.ListRoles(ctx, &iam.ListRolesInput{}))
	},
	"All: rates of calls": func(_ *testing.T, r *rig) string {
		for range 200 { // at one moment of the clock: more than any service takes in a second
			if got := outcome(r.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("node")})); got != "taken" {
				return got
			}
		}
		return "taken"
	},
	"All: propagation": func(t *testing.T, r *rig) string {
		role := r.createRole(t, "door", podTrust)
		in := profileInput("a")
		in.PodExecutionRoleArn = role.Arn
		return outcome(r.eks.CreateFargateProfile(ctx, in))
	},
	"IAM: principals of other accounts": func(_ *testing.T, r *rig) string {
		trust := trustOf(`{"AWS":"arn:aws:iam::999999999999:role/nobody"}`)
		return outcome(r.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: some, AssumeRolePolicyDocument: &trust}))
	},
	"STS: conditions on what a call does not tell": func(t *testing.T, r *rig) string {
		r.createRole(t, "door", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},
		  "Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"IpAddress":{"aws:SourceIp":"192.0.2.1/32"}}}]}`)
		return r.enter(t, &sts.AssumeRoleInput{})
	},
	"STS: signatures of tokens": func(t *testing.T, r *rig) string {
		r.createRole(t, "door", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/a.example.com"},
		  "Action":"sts:AssumeRoleWithWebIdentity"}]}`)
		return outcome(r.sts.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String(doorRole), RoleSessionName: aws.String("pod"), WebIdentityToken: token(`{"iss":"https://a.example.com","sub":"somebody"}`),
		}))
	},
	"EC2: allocation ids": func(_ *testing.T, r *rig) string {
		return outcome(r.ec2.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: aws.String("subnet-0a"), AllocationId: aws.String("eipalloc-0a")}))
	},
	"EC2: groups in rules of other accounts that are not simulated": func(t *testing.T, r *rig) string {
		group := must[*ec2.CreateSecurityGroupOutput](t)(r.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
			GroupName: some, Description: some, VpcId: aws.String("vpc-0a"),
		}))
		peer := []ec2types.UserIdGroupPair{{UserId: aws.String(otherAccount), GroupId: aws.String("sg-00000000000000009")}}
		return outcome(r.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: group.GroupId, IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("-1"), UserIdGroupPairs: peer}},
		}))
	},
	"KMS: key policies": func(t *testing.T, r *rig) string {
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/operator"},"Action":"kms:PutKeyPolicy","Resource":"*"}]}`
		key := must[*kms.CreateKeyOutput](t)(r.kms.CreateKey(ctx, &kms.CreateKeyInput{Policy: &policy}))
		return outcome(r.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: key.KeyMetadata.KeyId}))
	},
}

// session assumes the role door.
func (r *rig) session(t *testing.T, in *sts.AssumeRoleInput) *clients {
	t.Helper()
	in.RoleArn, in.RoleSessionName = aws.String(doorRole), aws.String("session")
	out, err := r.sts.AssumeRole(ctx, in)
	ok(t, err)
	return newClients(r.url, *out.Credentials.AccessKeyId, DefaultRegion)
}

// enter is the outcome of a call in a session of the role door.
func (r *rig) enter(t *testing.T, in *sts.AssumeRoleInput) string {
	t.Helper()
	return outcome(r.session(t, in).iam.ListRoles(ctx, &iam.ListRolesInput{}))
}
