// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// tampering is one change that a person makes in AWS, or takes back.
type tampering struct {
	profile, arn string
	back         bool
	do           func(context.Context) error
}

// person is somebody with a console.
type person struct {
	ec2  *ec2.Client
	iam  *iam.Client
	logs *cloudwatchlogs.Client
	eks  *eks.Client
	kms  *kms.Client
}

func (f *fleet) person() person {
	cfg := awstest.ConfigAs(f.url, "PERSON", "secret")
	cfg.Retryer = nil // the SDK's own retries
	return person{ec2.NewFromConfig(cfg), iam.NewFromConfig(cfg), cloudwatchlogs.NewFromConfig(cfg), eks.NewFromConfig(cfg), kms.NewFromConfig(cfg)}
}

// speak makes an event of each service whose objects are read one by one, and changes nothing that anybody declares.
func (p person) speak(ctx context.Context) error {
	arn := "arn:aws:eks:" + awssim.DefaultRegion + ":" + awssim.DefaultAccount + ":cluster/" + clusterName(0)
	_, err := p.eks.TagResource(ctx, &eks.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"bench": "speaks"}})
	_, err2 := p.kms.CreateKey(ctx, &kms.CreateKeyInput{})
	return errors.Join(err, err2)
}

// change is the change number n to a profile; with undo, every second one takes the one before it back.
func (p person) change(f *fleet, n int, undo bool) (tampering, error) {
	profile := n % f.profiles
	t := tampering{profile: profileName(profile), back: undo && n/f.profiles%2 == 1}
	kinds := []string{"LogGroup", "IAMRole", "SecurityGroup"}
	kind := kinds[profile%len(kinds)]
	var err error
	if t.arn, err = f.seen.arn(t.profile, kind); err != nil {
		return t, err
	}
	name := t.arn[strings.LastIndexAny(t.arn, ":/")+1:]
	switch kind {
	case "LogGroup":
		t.do = func(ctx context.Context) error { return p.retention(ctx, t.arn, t.back) }
	case "IAMRole":
		t.do = func(ctx context.Context) error { return p.tag(ctx, name, t.back) }
	default:
		t.do = func(ctx context.Context) error { return p.rule(ctx, name, t.back) }
	}
	return t, nil
}

func (p person) retention(ctx context.Context, arn string, back bool) error {
	_, name, _ := strings.Cut(arn, ":log-group:")
	days := int32(1)
	if back {
		days = retention
	}
	_, err := p.logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(strings.TrimSuffix(name, ":*")), RetentionInDays: &days})
	return err
}

func (p person) tag(ctx context.Context, role string, back bool) error {
	value := "somebody"
	if back {
		value = team
	}
	_, err := p.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: &role, Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: &value}}})
	return err
}

func (p person) rule(ctx context.Context, group string, back bool) error {
	rule := []ec2types.IpPermission{{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("192.0.2.0/24")}},
	}}
	if back {
		_, err := p.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, IpPermissions: rule})
		return err
	}
	_, err := p.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: rule})
	return err
}

// tamper makes changes at the rate and for the time that the size says; begin is told of each right before it is made.
func (f *fleet) tamper(ctx context.Context, undo bool, begin func(tampering)) error {
	p := f.person()
	pause := time.NewTicker(time.Second / time.Duration(f.size.tampersPerSecond))
	defer pause.Stop()
	var group sync.WaitGroup
	var once sync.Once
	var failed error
	for n := range int(f.size.tampering.Seconds()) * f.size.tampersPerSecond {
		t, err := p.change(f, n, undo)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
		group.Go(func() {
			begin(t)
			// A rule that was not repaired since is there still.
			if err := t.do(ctx); err != nil && !strings.Contains(err.Error(), "InvalidPermission.Duplicate") {
				once.Do(func() { failed = err })
			}
		})
	}
	group.Wait()
	return failed
}
