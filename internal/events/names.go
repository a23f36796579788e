// SPDX-License-Identifier: Apache-2.0

package events

import (
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// reader makes an object of how a record spells it. false: it is none that we look at.
type reader func(value string) (Object, bool)

// maxName is longer than any name or ARN of these objects.
const maxName = 1024

// usable tells that a text can be a name: printable ASCII, which is all that AWS allows in the names of these objects.
func usable(name string) bool {
	for _, r := range name {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return name != "" && len(name) <= maxName && name != Any
}

func named(kind Kind) reader {
	return func(value string) (Object, bool) { return Object{kind, value}, usable(value) }
}

// role takes a name or an ARN, whose path is not part of the name.
func role(value string) (Object, bool) {
	if arn, err := awsapi.ParseARN(value); err == nil {
		if !strings.HasPrefix(arn.Resource, "role/") {
			return Object{}, false
		}
		value = arn.Resource[strings.LastIndex(arn.Resource, "/")+1:]
	}
	return Object{Role, value}, usable(value)
}

func policy(value string) (Object, bool) {
	arn, err := awsapi.ParseARN(value)
	return Object{ManagedPolicy, value}, err == nil && usable(value) && strings.HasPrefix(arn.Resource, "policy/")
}

// idPrefix tells the kinds of EC2's objects apart.
var idPrefix = map[Kind]string{SecurityGroup: "sg-", SecurityGroupRule: "sgr-", Subnet: "subnet-", RouteTable: "rtb-", PrefixList: "pl-"}

func id(kind Kind) reader {
	return func(value string) (Object, bool) {
		return Object{kind, value}, usable(value) && strings.HasPrefix(value, idPrefix[kind])
	}
}

// ec2ID takes the id of any object; the kind is in the id.
func ec2ID(value string) (Object, bool) {
	for kind := range idPrefix {
		if object, ok := id(kind)(value); ok {
			return object, true
		}
	}
	return Object{}, false
}

// keyOrAlias takes all that KMS takes for a key: its id, its ARN, an alias and the alias's ARN.
func keyOrAlias(value string) (Object, bool) {
	if arn, err := awsapi.ParseARN(value); err == nil {
		value = arn.Resource
		if !strings.HasPrefix(value, "key/") && !strings.HasPrefix(value, "alias/") {
			return Object{}, false
		}
	}
	if strings.HasPrefix(value, "alias/") {
		return Object{Alias, value}, usable(value)
	}
	value = strings.TrimPrefix(value, "key/")
	return Object{Key, value}, usable(value) && !strings.Contains(value, "/")
}

// logGroup takes a name or an ARN; an ARN may end in :* or go on to a log stream.
func logGroup(value string) (Object, bool) {
	if arn, err := awsapi.ParseARN(value); err == nil {
		name, ok := strings.CutPrefix(arn.Resource, "log-group:")
		if !ok {
			return Object{}, false
		}
		value, _, _ = strings.Cut(name, ":")
	}
	return Object{LogGroup, value}, usable(value)
}

// eksARN takes the ARN of a cluster, a Fargate profile or a node group. Those of the latter two end in an id.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html
func eksARN(value string) (Object, bool) {
	arn, err := awsapi.ParseARN(value)
	if err != nil || !usable(value) {
		return Object{}, false
	}
	parts := strings.Split(arn.Resource, "/")
	switch {
	case len(parts) == 2 && parts[0] == "cluster":
		return Object{Cluster, parts[1]}, parts[1] != ""
	case len(parts) >= 3 && parts[0] == "fargateprofile":
		return Object{FargateProfile, parts[1] + "/" + parts[2]}, true
	case len(parts) >= 3 && parts[0] == "nodegroup":
		return Object{Nodegroup, parts[1] + "/" + parts[2]}, true
	}
	return Object{}, false
}
