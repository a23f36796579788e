// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// maxHolders bounds how many holders of a group are named.
const maxHolders = 5

// Delete implements resource.Resource. While network interfaces use the group, it and its rules stay as they are, and so
// they do while nobody knows what does: an interface of another account that shares the VPC is not shown. While other
// groups refer to it, its own references are taken away, so that two groups which refer to each other can both go.
func (r *Resource) Delete(ctx context.Context, o *resource.Observation) error {
	group := detailOf(o).group
	id := o.Gives[resource.GroupID]
	inUse, err := r.delete(ctx, id)
	if err != nil || !inUse {
		return err
	}
	interfaces, err := r.interfaces(ctx, id)
	if err != nil {
		return err
	}
	if len(interfaces) > 0 {
		return r.waiting(append(interfaces, r.groupsThatRefer(ctx, id)...))
	}
	holders := r.groupsThatRefer(ctx, id)
	if len(holders) == 0 {
		return r.waiting(nil)
	}
	if err := r.revokeReferences(ctx, group); err != nil {
		return err
	}
	return r.waiting(holders)
}

// delete says whether AWS refused because something uses the group.
func (r *Resource) delete(ctx context.Context, id string) (inUse bool, err error) {
	_, err = r.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})
	switch {
	case err == nil, awsapi.IsNotFound(err):
		return false, nil
	case awsapi.Code(err) == codeInUse:
		return true, nil
	}
	return false, fmt.Errorf("deleting %s: %w", r.ID(), err)
}

// revokeReferences takes away the rules of the group that refer to other groups; one that refers to itself holds nothing.
func (r *Resource) revokeReferences(ctx context.Context, g observed.SecurityGroup) error {
	for _, side := range []struct {
		egress bool
		rules  []observed.Rule
	}{{false, g.Ingress}, {true, g.Egress}} {
		var ids []string
		for _, rule := range side.rules {
			if isGroup(rule.Peer) && rule.Peer != g.ID {
				ids = append(ids, rule.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		if err := r.revoke(ctx, g.ID, side.egress, ids); err != nil {
			return fmt.Errorf("revoking rules of %s that refer to other groups: %w", r.ID(), err)
		}
	}
	return nil
}

func (r *Resource) interfaces(ctx context.Context, id string) ([]string, error) {
	var out []string
	in := &ec2.DescribeNetworkInterfacesInput{Filters: []types.Filter{filter("group-id", id)}}
	for pages := ec2.NewDescribeNetworkInterfacesPaginator(r.ec2, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading what uses %s: %w", r.ID(), err)
		}
		for _, found := range page.NetworkInterfaces {
			out = append(out, interfaceText(found))
		}
	}
	slices.Sort(out)
	return out, nil
}

// interfaceText names an interface, and by its description what it belongs to ("ELB app/web/..." for a load balancer).
func interfaceText(found types.NetworkInterface) string {
	text := "network interface " + aws.ToString(found.NetworkInterfaceId)
	if description := aws.ToString(found.Description); description != "" {
		text += " (" + canonical.Text(description, maxText) + ")"
	}
	return text
}

// groupsThatRefer names the other groups whose rules refer to this one. It only makes a message better, so what cannot
// be read is left out of it.
func (r *Resource) groupsThatRefer(ctx context.Context, id string) []string {
	names := map[string]bool{}
	for _, name := range []string{"ip-permission.group-id", "egress.ip-permission.group-id"} {
		groups, err := r.groups(ctx, map[string]string{name: id})
		if err != nil {
			continue
		}
		for _, g := range groups {
			if aws.ToString(g.GroupId) != id {
				names[fmt.Sprintf("security group %s (%s)", aws.ToString(g.GroupId), aws.ToString(g.GroupName))] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (r *Resource) waiting(holders []string) error {
	by := "something that AWS does not show, such as a network interface of another account that shares the VPC,"
	if len(holders) > 0 {
		more := len(holders) - maxHolders
		by = strings.Join(holders[:min(len(holders), maxHolders)], ", ")
		if more > 0 {
			by += fmt.Sprintf(" and %d more", more)
		}
	}
	return &resource.Waiting{
		Reason:  ReasonInUse,
		Message: fmt.Sprintf("%s cannot be deleted yet: %s still uses it.", r.ID(), by),
	}
}

func tagsOf(tags map[string]string) []types.Tag {
	out := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}
