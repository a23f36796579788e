// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const (
	podTrust    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	readPolicy  = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::b/*"}]}`
	adminARN    = "arn:aws:iam::aws:policy/AdministratorAccess"
	podExecARN  = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
	accountRoot = "arn:aws:iam::" + DefaultAccount + ":root"
)

// document decodes a policy document as callers must: it is URL-encoded.
func document(t *testing.T, encoded *string) string {
	t.Helper()
	text, err := url.PathUnescape(aws.ToString(encoded))
	ok(t, err)
	return text
}

func trustOf(principal string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}]}`
}

func (r *rig) createRole(t *testing.T, name, trust string) *types.Role {
	t.Helper()
	out, err := r.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	ok(t, err)
	return out.Role
}

func TestRoleLifecycle(t *testing.T) {
	r := newRig(t, Options{})
	created := must[*iam.CreateRoleOutput](t)(r.iam.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("team-a"), Path: aws.String("/fargate/"), AssumeRolePolicyDocument: aws.String(podTrust),
		Description: aws.String("For team A & <co>"), MaxSessionDuration: aws.Int32(7200), PermissionsBoundary: aws.String(adminARN),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a+b")}},
	})).Role
	if !regexp.MustCompile(`^AROA[A-Z2-7]{17}$`).MatchString(*created.RoleId) || *created.Arn != "arn:aws:iam::111122223333:role/fargate/team-a" {
		t.Fatalf("role is %s, %s", *created.RoleId, *created.Arn)
	}
	got := must[*iam.GetRoleOutput](t)(r.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("team-a")})).Role
	if *got.Description != "For team A & <co>" || *got.MaxSessionDuration != 7200 || *got.PermissionsBoundary.PermissionsBoundaryArn != adminARN ||
		got.PermissionsBoundary.PermissionsBoundaryType != "Policy" || *got.Tags[0].Value != "a+b" || !got.CreateDate.Equal(testTime) || *got.Path != "/fargate/" {
		t.Fatalf("role is %+v", got)
	}
	if strings.ContainsAny(*got.AssumeRolePolicyDocument, "{ +*") || document(t, got.AssumeRolePolicyDocument) != podTrust {
		t.Fatalf("trust policy is %s", *got.AssumeRolePolicyDocument)
	}
	_, err := r.iam.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: aws.String("team-a"), Description: aws.String("")})
	ok(t, err)
	got = must[*iam.GetRoleOutput](t)(r.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("team-a")})).Role
	if got.Description != nil || *got.MaxSessionDuration != 7200 {
		t.Fatalf("after the update the role is %+v", got)
	}
	_, err = r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("team-a")})
	ok(t, err)
	_, err = r.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("team-a")})
	wantError(t, err, "NoSuchEntity", 404)
	again := r.createRole(t, "team-a", podTrust)
	if *again.RoleId == *created.RoleId {
		t.Fatal("a role that was made again has the same unique id")
	}
}

func TestTrustPolicyUpdate(t *testing.T) {
	r := newRig(t, Options{})
	r.createRole(t, "a", podTrust)
	r.clock.Advance(time.Hour)
	_, err := r.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("a"), PolicyDocument: aws.String(trustOf(`{"Service":"ec2.amazonaws.com"}`))})
	ok(t, err)
	role := r.sim.account(DefaultAccount).iam.role("a")
	if !role.TrustChanged.Equal(testTime.Add(time.Hour)) || !role.CreatedAt.Equal(testTime) || !strings.Contains(role.TrustPolicy, "ec2.amazonaws.com") {
		t.Fatalf("role is %+v", role)
	}
	_, err = r.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("a"), PolicyDocument: aws.String("{}")})
	wantError(t, err, "MalformedPolicyDocument", 400)
}

// TestTrustPolicySpellings shows what IAM makes of the principals it is given.
func TestTrustPolicySpellings(t *testing.T) {
	r := newRig(t, Options{})
	friend := r.createRole(t, "friend", podTrust)
	for name, tc := range map[string]struct{ give, want string }{
		"one in a list":   {`{"Service":["ecs-tasks.amazonaws.com"]}`, `{"Service":"ecs-tasks.amazonaws.com"}`},
		"two":             {`{"Service":["b.amazonaws.com","a.amazonaws.com"]}`, `{"Service":["b.amazonaws.com","a.amazonaws.com"]}`},
		"account":         {`{"AWS":"111122223333"}`, `{"AWS":"` + accountRoot + `"}`},
		"role":            {`{"AWS":["` + *friend.Arn + `"]}`, `{"AWS":"` + *friend.Arn + `"}`},
		"role by id":      {`{"AWS":"` + *friend.RoleId + `"}`, `{"AWS":"` + *friend.Arn + `"}`},
		"all":             {`"*"`, `"*"`},
		"another account": {`{"AWS":"arn:aws:iam::999999999999:role/x"}`, `{"AWS":"arn:aws:iam::999999999999:role/x"}`},
		"federated":       {`{"Federated":"arn:aws:iam::111122223333:oidc-provider/o"}`, `{"Federated":"arn:aws:iam::111122223333:oidc-provider/o"}`},
	} {
		t.Run(name, func(t *testing.T) {
			role := r.createRole(t, strings.ReplaceAll(name, " ", "-"), trustOf(tc.give))
			if got := document(t, role.AssumeRolePolicyDocument); got != trustOf(tc.want) {
				t.Fatalf("trust policy is %s, want principal %s", got, tc.want)
			}
		})
	}
	t.Run("deleted role", func(t *testing.T) {
		_, err := r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("friend")})
		ok(t, err)
		r.createRole(t, "friend", podTrust)
		got := must[*iam.GetRoleOutput](t)(r.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("role")})).Role
		if doc := document(t, got.AssumeRolePolicyDocument); doc != trustOf(`{"AWS":"`+*friend.RoleId+`"}`) {
			t.Fatalf("trust policy is %s", doc)
		}
	})
}

func TestTrustPolicyRules(t *testing.T) {
	r := newRig(t, Options{})
	statement := func(s string) string { return `{"Version":"2012-10-17","Statement":` + s + `}` }
	for name, doc := range map[string]string{
		"not JSON":                `{not json`,
		"text after":              podTrust + "x",
		"version":                 strings.Replace(podTrust, "2012-10-17", "2026-01-01", 1),
		"no statement":            `{"Version":"2012-10-17"}`,
		"empty statements":        statement(`[]`),
		"unknown field":           strings.Replace(podTrust, `"Version"`, `"Color":"red","Version"`, 1),
		"unknown statement field": strings.Replace(podTrust, `"Effect"`, `"Color":"red","Effect"`, 1),
		"field twice":             strings.Replace(podTrust, `"Effect"`, `"Effect":"Deny","Effect"`, 1),
		"no effect":               statement(`[{"Principal":"*","Action":"sts:AssumeRole"}]`),
		"effect":                  strings.Replace(podTrust, "Allow", "allow", 1),
		"no action":               statement(`[{"Effect":"Allow","Principal":"*"}]`),
		"other action":            strings.Replace(podTrust, "sts:AssumeRole", "s3:GetObject", 1),
		"no principal":            statement(`[{"Effect":"Allow","Action":"sts:AssumeRole"}]`),
		"resource":                strings.Replace(podTrust, `"Action"`, `"Resource":"*","Action"`, 1),
		"sid":                     strings.Replace(podTrust, `"Effect"`, `"Sid":"a b","Effect"`, 1),
		"action twice":            strings.Replace(podTrust, `"Action"`, `"Action":"sts:AssumeRole","Action"`, 1),
		"key twice":               strings.Replace(podTrust, `"Effect"`, `"Condition":{"StringEquals":{"a:b":"c","a:b":"d"}},"Effect"`, 1),
		"condition":               strings.Replace(podTrust, `"Effect"`, `"Condition":{"StringEquals":"x"},"Effect"`, 1),
		"service":                 trustOf(`{"Service":"Fargate"}`),
		"ghost role":              trustOf(`{"AWS":"arn:aws:iam::111122223333:role/ghost"}`),
		"role in another path":    trustOf(`{"AWS":"arn:aws:iam::111122223333:role/p/node"}`),
		"ghost user":              trustOf(`{"AWS":["` + accountRoot + `","arn:aws:iam::111122223333:user/ghost"]}`),
		"ghost id":                trustOf(`{"AWS":"AROAAAAAAAAAAAAAAAAAA"}`),
		"principal not an ARN":    trustOf(`{"AWS":"somebody"}`),
		"kind of principal":       trustOf(`{"Canonical":"x"}`),
		"plain principal":         trustOf(`"` + accountRoot + `"`),
		"empty principal":         trustOf(`{}`),
		"empty list":              trustOf(`{"AWS":[]}`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("x"), AssumeRolePolicyDocument: &doc})
			wantError(t, err, "MalformedPolicyDocument", 400)
			if name == "ghost role" && !strings.Contains(err.Error(), "Invalid principal in policy") {
				t.Fatal(err)
			}
		})
	}
}

func TestRoleInputRules(t *testing.T) {
	r := newRig(t, Options{})
	long := strings.Repeat("a", 2100)
	var tags []types.Tag
	for i := range 51 {
		tags = append(tags, types.Tag{Key: aws.String(fmt.Sprint("k", i)), Value: aws.String("")})
	}
	for name, tc := range map[string]struct {
		in     iam.CreateRoleInput
		code   string
		status int
	}{
		"name":              {iam.CreateRoleInput{RoleName: aws.String("a b")}, "ValidationError", 400},
		"long name":         {iam.CreateRoleInput{RoleName: aws.String(strings.Repeat("a", 65))}, "ValidationError", 400},
		"path":              {iam.CreateRoleInput{Path: aws.String("fargate")}, "ValidationError", 400},
		"description":       {iam.CreateRoleInput{Description: aws.String("→")}, "ValidationError", 400},
		"long description":  {iam.CreateRoleInput{Description: &long}, "ValidationError", 400},
		"session":           {iam.CreateRoleInput{MaxSessionDuration: aws.Int32(10)}, "ValidationError", 400},
		"long session":      {iam.CreateRoleInput{MaxSessionDuration: aws.Int32(43201)}, "ValidationError", 400},
		"taken":             {iam.CreateRoleInput{RoleName: aws.String("node")}, "EntityAlreadyExists", 409},
		"taken, other case": {iam.CreateRoleInput{RoleName: aws.String("NODE")}, "EntityAlreadyExists", 409},
		"ghost boundary":    {iam.CreateRoleInput{PermissionsBoundary: aws.String("arn:aws:iam::111122223333:policy/ghost")}, "NoSuchEntity", 404},
		"boundary":          {iam.CreateRoleInput{PermissionsBoundary: aws.String("arn:aws:iam::111122223333:role/node")}, "InvalidInput", 400},
		"tag key":           {iam.CreateRoleInput{Tags: []types.Tag{{Key: aws.String("a;b"), Value: aws.String("")}}}, "ValidationError", 400},
		"system tag":        {iam.CreateRoleInput{Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}}, "InvalidInput", 400},
		"tag twice":         {iam.CreateRoleInput{Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("")}, {Key: aws.String("A"), Value: aws.String("")}}}, "InvalidInput", 400},
		"many tags":         {iam.CreateRoleInput{Tags: tags}, "LimitExceeded", 409},
		"long trust": {iam.CreateRoleInput{AssumeRolePolicyDocument: aws.String(strings.Replace(podTrust, `"Effect"`, `"Sid":"`+long+`","Effect"`, 1))},
			"LimitExceeded", 409},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.in.RoleName == nil {
				tc.in.RoleName = aws.String("x")
			}
			if tc.in.AssumeRolePolicyDocument == nil {
				tc.in.AssumeRolePolicyDocument = aws.String(podTrust)
			}
			_, err := r.iam.CreateRole(ctx, &tc.in)
			wantError(t, err, tc.code, tc.status)
			if r.sim.account(DefaultAccount).iam.role("x") != nil {
				t.Fatal("the role is there all the same")
			}
		})
	}
}

func TestRoleDeletionIsRefused(t *testing.T) {
	r := newRig(t, Options{})
	role := aws.String("busy")
	r.createRole(t, "busy", podTrust)
	refused := func(what string) {
		t.Helper()
		_, err := r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: role})
		wantError(t, err, "DeleteConflict", 409)
		if !strings.Contains(err.Error(), what) {
			t.Fatalf("%v does not say %q", err, what)
		}
	}
	_, err := r.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: aws.String(podExecARN)})
	ok(t, err)
	refused("detach all policies")
	_, err = r.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: aws.String(podExecARN)})
	ok(t, err)
	_, err = r.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("p"), PolicyDocument: aws.String(readPolicy)})
	ok(t, err)
	refused("delete policies")
	_, err = r.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: aws.String("p")})
	ok(t, err)
	st := r.sim.account(DefaultAccount).iam
	st.addInstanceProfile("ip", "busy")
	refused("instance profile")
	profiles := must[*iam.ListInstanceProfilesForRoleOutput](t)(r.iam.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: role}))
	if len(profiles.InstanceProfiles) != 1 || *profiles.InstanceProfiles[0].Roles[0].RoleName != "busy" {
		t.Fatalf("instance profiles are %+v", profiles.InstanceProfiles)
	}
	delete(st.profiles, "ip")
	_, err = r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: role})
	ok(t, err)
}

func TestRoleTags(t *testing.T) {
	r := newRig(t, Options{PageSize: 2})
	role := aws.String("node")
	_, err := r.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: role, Tags: []types.Tag{
		{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}, {Key: aws.String("c"), Value: aws.String("")},
	}})
	ok(t, err)
	_, err = r.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: role, Tags: []types.Tag{{Key: aws.String("A"), Value: aws.String("9")}}})
	ok(t, err)
	_, err = r.iam.UntagRole(ctx, &iam.UntagRoleInput{RoleName: role, TagKeys: []string{"b", "nothing"}})
	ok(t, err)
	var got []string
	pages := iam.NewListRoleTagsPaginator(r.iam, &iam.ListRoleTagsInput{RoleName: role})
	for pages.HasMorePages() {
		for _, tag := range must[*iam.ListRoleTagsOutput](t)(pages.NextPage(ctx)).Tags {
			got = append(got, *tag.Key+"="+*tag.Value)
		}
	}
	if !slices.Equal(got, []string{"A=9", "c="}) {
		t.Fatalf("tags are %v", got)
	}
	_, err = r.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: role, Tags: []types.Tag{{Key: aws.String("aws:b"), Value: aws.String("1")}}})
	wantError(t, err, "InvalidInput", 400)
	_, err = r.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: aws.String("ghost"), Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("1")}}})
	wantError(t, err, "NoSuchEntity", 404)
}

func TestListRolesPages(t *testing.T) {
	r := newRig(t, Options{})
	for i := range 5 {
		r.createRole(t, fmt.Sprintf("page-%d", i), podTrust)
	}
	var names []string
	n := 0
	pages := iam.NewListRolesPaginator(r.iam, &iam.ListRolesInput{MaxItems: aws.Int32(3)})
	for pages.HasMorePages() {
		out := must[*iam.ListRolesOutput](t)(pages.NextPage(ctx))
		if len(out.Roles) > 3 || (out.Marker != nil) != out.IsTruncated {
			t.Fatalf("a page of %d, truncated %v, marker %v", len(out.Roles), out.IsTruncated, out.Marker)
		}
		for _, role := range out.Roles {
			names = append(names, *role.RoleName)
			if len(role.Tags) != 0 || role.PermissionsBoundary != nil {
				t.Fatal("ListRoles tells tags or boundary")
			}
		}
		n++
	}
	if n < 3 || !slices.IsSorted(names) || !slices.Contains(names, "page-4") || !slices.Contains(names, "node") {
		t.Fatalf("%d pages: %v", n, names)
	}
	_, err := r.iam.ListRoles(ctx, &iam.ListRolesInput{Marker: aws.String("%%%")})
	wantError(t, err, "ValidationError", 400)
	_, err = r.iam.ListRoles(ctx, &iam.ListRolesInput{MaxItems: aws.Int32(1001)})
	wantError(t, err, "ValidationError", 400)
	none := must[*iam.ListRolesOutput](t)(r.iam.ListRoles(ctx, &iam.ListRolesInput{PathPrefix: aws.String("/none/")}))
	if len(none.Roles) != 0 {
		t.Fatal("the path prefix is not heeded")
	}
}

func TestAttachedPolicies(t *testing.T) {
	r := newRig(t, Options{PageSize: 3})
	role := aws.String("node")
	st := r.sim.account(DefaultAccount).iam
	for i := range 11 {
		arn := st.addManagedPolicy(fmt.Sprintf("arn:aws:iam::111122223333:policy/p/q%d", i), readPolicy).ARN
		_, err := r.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: &arn})
		if i < 10 {
			ok(t, err)
		} else {
			wantError(t, err, "LimitExceeded", 409)
		}
	}
	again := aws.String("arn:aws:iam::111122223333:policy/p/q3")
	_, err := r.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: again})
	ok(t, err)
	_, err = r.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: again})
	ok(t, err)
	_, err = r.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: again})
	wantError(t, err, "NoSuchEntity", 404)
	n := 0
	pages := iam.NewListAttachedRolePoliciesPaginator(r.iam, &iam.ListAttachedRolePoliciesInput{RoleName: role})
	for pages.HasMorePages() {
		n += len(must[*iam.ListAttachedRolePoliciesOutput](t)(pages.NextPage(ctx)).AttachedPolicies)
	}
	if n != 9 {
		t.Fatalf("%d policies are attached", n)
	}
	_, err = r.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: aws.String("arn:aws:iam::aws:policy/NoSuchPolicy")})
	wantError(t, err, "NoSuchEntity", 404)
	_, err = r.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: aws.String("arn:aws:iam::aws:policy/aws-service-role/AmazonEKSServiceRolePolicy")})
	wantError(t, err, "PolicyNotAttachable", 400)
}

func TestInlinePolicies(t *testing.T) {
	r := newRig(t, Options{PageSize: 1})
	role := aws.String("node")
	put := func(name, doc string) error {
		_, err := r.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: &name, PolicyDocument: &doc})
		return err
	}
	ok(t, put("b", readPolicy))
	ok(t, put("a", allowPolicy(`"*"`)))
	got := must[*iam.GetRolePolicyOutput](t)(r.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role, PolicyName: aws.String("b")}))
	if document(t, got.PolicyDocument) != readPolicy || *got.RoleName != "node" || *got.PolicyName != "b" || strings.Contains(*got.PolicyDocument, " ") {
		t.Fatalf("policy is %s", *got.PolicyDocument)
	}
	if !strings.Contains(*got.PolicyDocument, "%20") || !strings.Contains(*got.PolicyDocument, "%2A") {
		t.Fatalf("not encoded in compliance with RFC 3986: %s", *got.PolicyDocument)
	}
	var names []string
	pages := iam.NewListRolePoliciesPaginator(r.iam, &iam.ListRolePoliciesInput{RoleName: role})
	for pages.HasMorePages() {
		names = append(names, must[*iam.ListRolePoliciesOutput](t)(pages.NextPage(ctx)).PolicyNames...)
	}
	if !slices.Equal(names, []string{"a", "b"}) {
		t.Fatalf("policies are %v", names)
	}
	// 10,240 characters in all, white space not counted.
	big := strings.Replace(readPolicy, "arn:aws:s3:::b/*", "arn:aws:s3:::"+strings.Repeat("b", 9900), 1)
	ok(t, put("c", big+strings.Repeat(" ", 5000)))
	wantError(t, put("d", big), "LimitExceeded", 409)
	ok(t, put("c", big))
	wantError(t, put("d e", readPolicy), "ValidationError", 400)
	_, err := r.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: aws.String("ghost")})
	wantError(t, err, "NoSuchEntity", 404)
	_, err = r.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role, PolicyName: aws.String("ghost")})
	wantError(t, err, "NoSuchEntity", 404)
}

func TestIdentityPolicyRules(t *testing.T) {
	r := newRig(t, Options{})
	for name, doc := range map[string]string{
		"not JSON":     `{`,
		"principal":    strings.Replace(readPolicy, `"Action"`, `"Principal": "*", "Action"`, 1),
		"no action":    `{"Statement":{"Effect":"Allow","Resource":"*"}}`,
		"both actions": strings.Replace(readPolicy, `"Action"`, `"NotAction": "*", "Action"`, 1),
		"action":       strings.Replace(readPolicy, "s3:GetObject", "GetObject", 1),
		"action type":  strings.Replace(readPolicy, `"s3:GetObject"`, `7`, 1),
		"no resource":  `{"Statement":{"Effect":"Allow","Action":"*"}}`,
		"resource":     strings.Replace(readPolicy, "arn:aws:s3:::b/*", "bucket", 1),
		"sid twice":    `{"Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("node"), PolicyName: aws.String("p"), PolicyDocument: &doc})
			wantError(t, err, "MalformedPolicyDocument", 400)
			_, err = r.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: &doc})
			wantError(t, err, "MalformedPolicyDocument", 400)
		})
	}
	for name, doc := range map[string]string{
		"one statement":    `{"Statement":{"Effect":"Deny","NotAction":"iam:*","NotResource":"*"}}`,
		"policy variables": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}/*","Condition":{"Bool":{"aws:SecureTransport":true}}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("node"), PolicyName: aws.String("p"), PolicyDocument: &doc})
			ok(t, err)
		})
	}
}

func TestManagedPolicyLifecycle(t *testing.T) {
	r := newRig(t, Options{})
	p := must[*iam.CreatePolicyOutput](t)(r.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName: aws.String("read"), PolicyDocument: aws.String(readPolicy), Description: aws.String("d"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	})).Policy
	_, err := r.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("Read"), PolicyDocument: aws.String(readPolicy)})
	wantError(t, err, "EntityAlreadyExists", 409)
	_, err = r.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("node"), PolicyArn: p.Arn})
	ok(t, err)
	_, err = r.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("pod-exec"), PermissionsBoundary: p.Arn})
	ok(t, err)
	v2 := must[*iam.CreatePolicyVersionOutput](t)(r.iam.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: aws.String(allowPolicy(`"s3:*"`)), SetAsDefault: true})).PolicyVersion
	got := must[*iam.GetPolicyOutput](t)(r.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: p.Arn})).Policy
	if *v2.VersionId != "v2" || *got.DefaultVersionId != "v2" || *got.AttachmentCount != 1 || *got.PermissionsBoundaryUsageCount != 1 || *got.Description != "d" || *got.Tags[0].Key != "k" {
		t.Fatalf("policy is %+v", got)
	}
	doc := must[*iam.GetPolicyVersionOutput](t)(r.iam.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: p.Arn, VersionId: aws.String("v1")})).PolicyVersion
	if document(t, doc.Document) != readPolicy || doc.IsDefaultVersion {
		t.Fatalf("version is %+v", doc)
	}
	remove := func() error {
		_, err := r.iam.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: p.Arn})
		return err
	}
	held := func(by string) {
		t.Helper()
		err := remove()
		wantError(t, err, "DeleteConflict", 409)
		if !strings.Contains(err.Error(), by) {
			t.Fatalf("%v does not say %q", err, by)
		}
	}
	held("attached to entities")
	_, err = r.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: aws.String("node"), PolicyArn: p.Arn})
	ok(t, err)
	held("attached to entities")
	_, err = r.iam.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: aws.String("pod-exec")})
	ok(t, err)
	_, err = r.iam.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: aws.String("pod-exec")})
	wantError(t, err, "NoSuchEntity", 404)
	held("more than one version")
	_, err = r.iam.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: p.Arn, VersionId: aws.String("v2")})
	wantError(t, err, "DeleteConflict", 409)
	_, err = r.iam.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: p.Arn, VersionId: aws.String("v1")})
	ok(t, err)
	ok(t, remove())
	wantError(t, remove(), "NoSuchEntity", 404)
	_, err = r.iam.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: aws.String(adminARN)})
	wantError(t, err, "AccessDenied", 403)
}

func TestManagedPolicyQuotas(t *testing.T) {
	r := newRig(t, Options{})
	big := strings.Replace(readPolicy, "arn:aws:s3:::b/*", "arn:aws:s3:::"+strings.Repeat("b", 6200), 1)
	_, err := r.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("big"), PolicyDocument: &big})
	wantError(t, err, "LimitExceeded", 409)
	p := must[*iam.CreatePolicyOutput](t)(r.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(readPolicy)})).Policy
	for i := range 5 {
		_, err := r.iam.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: aws.String(readPolicy)})
		if i < 4 {
			ok(t, err)
		} else {
			wantError(t, err, "LimitExceeded", 409)
		}
	}
}

func TestListPolicies(t *testing.T) {
	r := newRig(t, Options{PageSize: 2})
	r.sim.account(DefaultAccount).iam.addManagedPolicy("arn:aws:iam::111122223333:policy/mine", readPolicy)
	list := func(in *iam.ListPoliciesInput) (names []string) {
		pages := iam.NewListPoliciesPaginator(r.iam, in)
		for pages.HasMorePages() {
			for _, p := range must[*iam.ListPoliciesOutput](t)(pages.NextPage(ctx)).Policies {
				names = append(names, *p.PolicyName)
			}
		}
		return names
	}
	if got := list(&iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}); !slices.Equal(got, []string{"mine"}) {
		t.Fatalf("local policies are %v", got)
	}
	if got := list(&iam.ListPoliciesInput{Scope: types.PolicyScopeTypeAws}); len(got) != len(builtinPolicies) || slices.Contains(got, "mine") {
		t.Fatalf("AWS's policies are %v", got)
	}
	if got := list(&iam.ListPoliciesInput{OnlyAttached: true}); len(got) != 0 {
		t.Fatalf("attached policies are %v", got)
	}
}

func TestBuiltinPoliciesAreValid(t *testing.T) {
	for arn, doc := range builtinPolicies {
		if err := checkIdentityPolicy(doc); err != nil || !json.Valid([]byte(doc)) {
			t.Errorf("%s: %v", arn, err)
		}
	}
	if !strings.Contains(builtinPolicies[podExecARN], "ecr:GetDownloadUrlForLayer") {
		t.Error("the pod execution policy cannot pull images")
	}
}

func TestAccountAuthorizationDetails(t *testing.T) {
	r := newRig(t, Options{})
	role := aws.String("node")
	_, err := r.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("p"), PolicyDocument: aws.String(readPolicy)})
	ok(t, err)
	_, err = r.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: aws.String(adminARN)})
	ok(t, err)
	_, err = r.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: role, PermissionsBoundary: aws.String(podExecARN)})
	ok(t, err)
	_, err = r.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: role, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	ok(t, err)
	var roles []types.RoleDetail
	n := 0
	pages := iam.NewGetAccountAuthorizationDetailsPaginator(r.iam, &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeRole}, MaxItems: aws.Int32(1)})
	for pages.HasMorePages() {
		out := must[*iam.GetAccountAuthorizationDetailsOutput](t)(pages.NextPage(ctx))
		if len(out.RoleDetailList) != 1 || len(out.Policies)+len(out.UserDetailList) != 0 {
			t.Fatalf("page is %+v", out)
		}
		roles = append(roles, out.RoleDetailList...)
		n++
	}
	i := slices.IndexFunc(roles, func(d types.RoleDetail) bool { return *d.RoleName == "node" })
	if n != 3 || i < 0 {
		t.Fatalf("%d pages: %+v", n, roles)
	}
	d := roles[i]
	if document(t, d.RolePolicyList[0].PolicyDocument) != readPolicy || *d.AttachedManagedPolicies[0].PolicyArn != adminARN ||
		*d.PermissionsBoundary.PermissionsBoundaryArn != podExecARN || *d.Tags[0].Value != "v" || !strings.HasPrefix(*d.AssumeRolePolicyDocument, "%7B") {
		t.Fatalf("role is %+v", d)
	}
	all := must[*iam.GetAccountAuthorizationDetailsOutput](t)(r.iam.GetAccountAuthorizationDetails(ctx, &iam.GetAccountAuthorizationDetailsInput{}))
	if len(all.RoleDetailList) != 3 || len(all.Policies) != len(builtinPolicies) || len(all.UserDetailList) != 1 || document(t, all.Policies[0].PolicyVersionList[0].Document) == "" {
		t.Fatalf("all is %+v", all)
	}
	for kind, want := range map[types.EntityType][3]int{
		types.EntityTypeUser: {1, 0, 0}, types.EntityTypeRole: {0, 3, 0}, types.EntityTypeLocalManagedPolicy: {0, 0, 0},
		types.EntityTypeAWSManagedPolicy: {0, 0, len(builtinPolicies)}, types.EntityTypeGroup: {0, 0, 0},
	} {
		some := must[*iam.GetAccountAuthorizationDetailsOutput](t)(r.iam.GetAccountAuthorizationDetails(ctx, &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{kind}}))
		if got := [3]int{len(some.UserDetailList), len(some.RoleDetailList), len(some.Policies)}; got != want {
			t.Errorf("of kind %s there are %v users, roles and policies, want %v", kind, got, want)
		}
	}
	_, err = r.iam.GetAccountAuthorizationDetails(ctx, &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{"Robot"}})
	wantError(t, err, "ValidationError", 400)
}

func TestServiceLinkedRole(t *testing.T) {
	r := newRig(t, Options{})
	create := func(service string) (*iam.CreateServiceLinkedRoleOutput, error) {
		return r.iam.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: &service})
	}
	role := must[*iam.CreateServiceLinkedRoleOutput](t)(create("eks-fargate.amazonaws.com")).Role
	if *role.Arn != "arn:aws:iam::111122223333:role/aws-service-role/eks-fargate.amazonaws.com/AWSServiceRoleForAmazonEKSForFargate" {
		t.Fatalf("role is %s", *role.Arn)
	}
	_, err := create("eks-fargate.amazonaws.com")
	wantError(t, err, "InvalidInput", 400)
	_, err = create("nothing.amazonaws.com")
	wantError(t, err, "InvalidInput", 400)
	_, err = r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: role.RoleName})
	wantError(t, err, "UnmodifiableEntity", 400)
	_, err = r.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String("p"), PolicyDocument: aws.String(readPolicy)})
	wantError(t, err, "UnmodifiableEntity", 400)
}
