// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// person is whoever declares profiles and, by hand, changes things in AWS behind the operator's back, while programs
// are killed: what Kubernetes does not take is tried again.
type person struct {
	*suite
	rng      *rand.Rand
	tampered int
}

// step is one thing that a person does.
type step func() error

// work creates every profile, tampers with its objects, edits it, tampers again; doomed ones are created and deleted.
// The steps of the profiles are mixed, each profile's own stay in order.
func (p *person) work(plots []*plot) error {
	var lists [][]step
	for _, plot := range plots {
		for _, name := range plot.profiles {
			lists = append(lists, p.life(plot, name))
		}
	}
	for len(lists) > 0 {
		i := p.rng.IntN(len(lists))
		time.Sleep(upTo(p.rng, 150))
		if err := lists[i][0](); err != nil {
			return err
		}
		if lists[i] = lists[i][1:]; len(lists[i]) == 0 {
			lists = append(lists[:i], lists[i+1:]...)
		}
	}
	return nil
}

// life is what happens to one profile.
func (p *person) life(plot *plot, name string) []step {
	apply := func(edited bool) step {
		return func() error { return p.insist("applying "+name, plot.manifest(name, edited), "apply", "-f", "-") }
	}
	if name == "doomed" {
		return []step{apply(false), func() error { return p.delete(plot, name) }}
	}
	steps := []step{apply(false)}
	for _, i := range p.rng.Perm(len(handiwork))[:3] {
		steps = append(steps, p.tamper(plot, name, handiwork[i]))
	}
	steps = append(steps, apply(true))
	for _, i := range p.rng.Perm(len(handiwork))[:3] {
		steps = append(steps, p.tamper(plot, name, handiwork[i]))
	}
	return steps
}

// insist runs kubectl until it succeeds.
func (p *person) insist(what, stdin string, args ...string) error {
	return wait(what, func() error {
		_, err := p.cluster.tryKubectl(stdin, args...)
		return err
	}, p.cluster.Process)
}

func (p *person) delete(plot *plot, name string) error {
	return p.insist("deleting "+name, "", "delete", "fsp/"+name, "-n", plot.Namespace, "--wait=false", "--ignore-not-found")
}

func (p *person) deleteAll(plots []*plot) error {
	for _, plot := range plots {
		for _, name := range plot.profiles {
			time.Sleep(upTo(p.rng, 500))
			if err := p.delete(plot, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// tamper changes an object as soon as it is there.
func (p *person) tamper(plot *plot, name string, do func(*plot, string) error) step {
	return func() error {
		err := wait("tampering with "+name+" of "+plot.Name, func() error { return do(plot, name) }, p.backend.process)
		if err == nil {
			p.tampered++
		}
		return err
	}
}

// handiwork is what is done to a profile's objects by hand. Done twice it is no error.
var handiwork = []func(p *plot, name string) error{
	func(p *plot, name string) error { // a hole
		id, err := p.groupID(name + "-pods")
		if err != nil {
			return err
		}
		_, err = p.backend.ec2.AuthorizeSecurityGroupIngress(background(), &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: &id, IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), CidrIp: aws.String("0.0.0.0/0")})
		return unless(err, "InvalidPermission.Duplicate")
	},
	func(p *plot, name string) error {
		_, err := p.backend.iam.UpdateAssumeRolePolicy(background(), &iam.UpdateAssumeRolePolicyInput{RoleName: p.role(name), PolicyDocument: aws.String(trustOf("ec2.amazonaws.com"))})
		return err
	},
	func(p *plot, name string) error {
		_, err := p.backend.iam.DetachRolePolicy(background(), &iam.DetachRolePolicyInput{RoleName: p.role(name), PolicyArn: aws.String(execution)})
		return err
	},
	func(p *plot, name string) error {
		_, err := p.backend.iam.PutRolePolicy(background(), &iam.PutRolePolicyInput{RoleName: p.role(name), PolicyName: aws.String("backdoor"), PolicyDocument: aws.String(pullCache)})
		return err
	},
	func(p *plot, name string) error {
		_, err := p.backend.logs.PutRetentionPolicy(background(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: p.logGroup(name), RetentionInDays: aws.Int32(1)})
		return err
	},
	func(p *plot, name string) error { // the whole object
		_, err := p.backend.logs.DeleteLogGroup(background(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: p.logGroup(name)})
		return err
	},
	func(p *plot, name string) error {
		key, err := p.backend.kms.DescribeKey(background(), &kms.DescribeKeyInput{KeyId: p.alias(name)})
		if err != nil {
			return err
		}
		_, err = p.backend.kms.DisableKeyRotation(background(), &kms.DisableKeyRotationInput{KeyId: key.KeyMetadata.KeyId})
		return err
	},
	func(p *plot, name string) error { // the whole object, which takes its turn among the cluster's operations
		_, err := p.backend.eks.DeleteFargateProfile(background(), &eks.DeleteFargateProfileInput{ClusterName: &p.Name, FargateProfileName: &name})
		return err
	},
	func(p *plot, name string) error {
		owner := fmt.Sprintf("%s.%s", p.Namespace, name)
		_, err := p.cluster.tryKubectl("", "delete", "securitygrouppolicy", owner, "-n", p.Workload, "--wait=false")
		return err
	},
}

// unless takes an error of AWS's with that code for success.
func unless(err error, wanted string) error {
	if code(err) == wanted {
		return nil
	}
	return err
}

var errNoSuchGroup = errors.New("there is no such security group")
