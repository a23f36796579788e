// SPDX-License-Identifier: Apache-2.0

package controls_test

import (
	"github.com/fargate-security/fargate-security-operator/internal/controls"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
)

const (
	passed  = controls.Passed
	failed  = controls.Failed
	unknown = controls.Unknown
	na      = controls.NotApplicable
)

type testCase struct {
	id, name string
	change   func(*observed.State)
	want     controls.Result
}

const (
	fargate = `"Principal":{"Service":"eks-fargate-pods.amazonaws.com"}`
	admin   = `"Effect":"Allow","Action":"*","Resource":"*"`
)

func bound(operator, value string) string {
	return `,"Condition":{"` + operator + `":{"aws:SourceArn":"` + value + `"}}`
}

var trustCases = []testCase{
	{"FSO.1", "good", none, passed},
	{"FSO.1", "no role", noRole, unknown},
	{"FSO.1", "unreadable", trust("{"), unknown},
	{"FSO.1", "ec2 too", trustWith(`"Principal":{"Service":["eks-fargate-pods.amazonaws.com","ec2.amazonaws.com"]}`, ""), failed},
	{"FSO.1", "an account too", trustWith(`"Principal":{"Service":"eks-fargate-pods.amazonaws.com","AWS":"444455556666"}`, ""), failed},
	{"FSO.1", "everyone", trustWith(`"Principal":"*"`, ""), failed},
	{"FSO.1", "everyone under a condition", trustWith(`"Principal":"*"`, bound("ArnLike", sources)), failed},
	{"FSO.1", "NotPrincipal", trustWith(`"NotPrincipal":{"AWS":"444455556666"}`, ""), failed},
	{"FSO.1", "nobody", trust(`{"Statement":[]}`), failed},
	{"FSO.1", "others denied", trust(`{"Statement":[{"Effect":"Allow",` + fargate + `,"Action":"sts:AssumeRole"},` +
		`{"Effect":"Deny","Principal":"*","Action":"sts:TagSession"}]}`), passed},
	{"FSO.1", "a name that looks alike", trustWith(`"Principal":{"Service":"eks-fargate-pods.amazonaws.com.evil.example"}`, ""), failed},

	{"FSO.2", "good", none, passed},
	{"FSO.2", "one profile", trustWith(fargate, bound("ArnEquals", "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/payments/*")), passed},
	{"FSO.2", "case of the key", trustWith(fargate, `,"Condition":{"ArnLike":{"AWS:sourcearn":"`+sources+`"}}`), passed},
	{"FSO.2", "two conditions, one good", trustWith(fargate, `,"Condition":{"ArnLike":{"aws:SourceArn":"`+sources+`"},"StringLike":{"aws:SourceArn":"*"}}`), passed},
	{"FSO.2", "no role", noRole, unknown},
	{"FSO.2", "unreadable", trust(""), unknown},
	{"FSO.2", "cluster not read", func(s *observed.State) { s.Cluster = nil }, unknown},
	{"FSO.2", "cluster without ARN", func(s *observed.State) { s.Cluster.ARN = "" }, unknown},
	{"FSO.2", "trusts others only", trustWith(`"Principal":{"Service":"ec2.amazonaws.com"}`, ""), na},
	{"FSO.2", "no condition", trustWith(fargate, ""), failed},
	{"FSO.2", "no condition, cluster not read", func(s *observed.State) { trustWith(fargate, "")(s); s.Cluster = nil }, failed},
	{"FSO.2", "account only", trustWith(fargate, `,"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}`), failed},
	{"FSO.2", "anything", trustWith(fargate, bound("ArnLike", "*")), failed},
	{"FSO.2", "all clusters", trustWith(fargate, bound("ArnLike", "arn:aws:eks:eu-west-1:111122223333:fargateprofile/*")), failed},
	{"FSO.2", "clusters that begin alike", trustWith(fargate, bound("ArnLike", "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod*")), failed},
	{"FSO.2", "other cluster", trustWith(fargate, bound("ArnLike", "arn:aws:eks:eu-west-1:111122223333:fargateprofile/test/*")), failed},
	{"FSO.2", "other account", trustWith(fargate, bound("ArnLike", "arn:aws:eks:eu-west-1:444455556666:fargateprofile/prod/*")), failed},
	{"FSO.2", "other Region", trustWith(fargate, bound("ArnLike", "arn:aws:eks:us-east-1:111122223333:fargateprofile/prod/*")), failed},
	{"FSO.2", "IfExists", trustWith(fargate, bound("ArnLikeIfExists", sources)), failed},
	{"FSO.2", "Not", trustWith(fargate, bound("ArnNotLike", sources)), failed},
	{"FSO.2", "ForAllValues", trustWith(fargate, bound("ForAllValues:ArnLike", sources)), failed},
	{"FSO.2", "one value of two", trustWith(fargate, `,"Condition":{"ArnLike":{"aws:SourceArn":["`+sources+`","*"]}}`), failed},
	{"FSO.2", "one statement of two", trust(`{"Statement":[{"Effect":"Allow",` + fargate + `,"Action":"sts:AssumeRole"` + bound("ArnLike", sources) +
		`},{"Effect":"Allow",` + fargate + `,"Action":"sts:AssumeRole"}]}`), failed},
}

var permissionCases = []testCase{
	{"FSO.3", "good", none, passed},
	{"FSO.3", "no role", noRole, unknown},
	{"FSO.3", "policy not read", managed("arn:aws:iam::111122223333:policy/x", ""), unknown},
	{"FSO.3", "by name", managed("arn:aws:iam::aws:policy/AdministratorAccess", ""), failed},
	{"FSO.3", "by name, China", managed("arn:aws-cn:iam::aws:policy/AdministratorAccess", ""), failed},
	{"FSO.3", "by name, power user", managed("arn:aws:iam::aws:policy/PowerUserAccess", ""), failed},
	{"FSO.3", "a namesake of ours", managed("arn:aws:iam::111122223333:policy/AdministratorAccess", executionDocument), passed},
	{"FSO.3", "star", inline(admin), failed},
	{"FSO.3", "star, beside a policy that was not read", func(s *observed.State) {
		inline(admin)(s)
		managed("arn:aws:iam::111122223333:policy/x", "")(s)
	}, failed},
	{"FSO.3", "double star", inline(`"Effect":"Allow","Action":"*:*","Resource":"*"`), failed},
	{"FSO.3", "all ARNs", inline(`"Effect":"Allow","Action":"*","Resource":"arn:aws:*"`), failed},
	{"FSO.3", "NotAction", inline(`"Effect":"Allow","NotAction":"iam:*","Resource":"*"`), failed},
	{"FSO.3", "NotResource", inline(`"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::b"`), failed},
	{"FSO.3", "under a condition", inline(admin + `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":true}}`), failed},
	{"FSO.3", "in a managed policy", managed("arn:aws:iam::111122223333:policy/x", `{"Statement":{`+admin+`}}`), failed},
	{"FSO.3", "denied", inline(`"Effect":"Deny","Action":"*","Resource":"*"`), passed},
	{"FSO.3", "one bucket", inline(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/*"`), passed},

	{"FSO.4", "good", none, passed},
	{"FSO.4", "no role", noRole, unknown},
	{"FSO.4", "unreadable", func(s *observed.State) { s.Role.InlinePolicies["x"] = "{" }, unknown},
	{"FSO.4", "new policy version", inline(`"Effect":"Allow","Action":"iam:CreatePolicyVersion","Resource":"arn:aws:iam::111122223333:policy/x"`), failed},
	{"FSO.4", "attach", inline(`"Effect":"Allow","Action":"IAM:attachROLEpolicy","Resource":"*"`), failed},
	{"FSO.4", "glob *", inline(`"Effect":"Allow","Action":"iam:*RolePolicy","Resource":"*"`), failed},
	{"FSO.4", "glob ?", inline(`"Effect":"Allow","Action":"iam:PutR?lePolicy","Resource":"*"`), failed},
	{"FSO.4", "glob in the service", inline(`"Effect":"Allow","Action":"i*:*","Resource":"*"`), failed},
	{"FSO.4", "all", inline(admin), failed},
	{"FSO.4", "NotAction that leaves IAM", inline(`"Effect":"Allow","NotAction":"s3:*","Resource":"*"`), failed},
	{"FSO.4", "NotAction without IAM", inline(`"Effect":"Allow","NotAction":"iam:*","Resource":"*"`), passed},
	{"FSO.4", "pass any role", inline(`"Effect":"Allow","Action":"iam:PassRole","Resource":"*"`), failed},
	{"FSO.4", "pass any role of the account", inline(`"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/*"`), failed},
	{"FSO.4", "pass all but one", inline(`"Effect":"Allow","Action":"iam:PassRole","NotResource":"arn:aws:iam::111122223333:role/x"`), failed},
	{"FSO.4", "pass one role", inline(`"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/x"`), passed},
	{"FSO.4", "reading IAM", inline(`"Effect":"Allow","Action":"iam:Get*","Resource":"*"`), passed},
	{"FSO.4", "denied everywhere", inline(`"Effect":"Allow","Action":"iam:*","Resource":"*"`, `"Effect":"Deny","Action":["iam:*"],"Resource":"*"`), passed},
	{"FSO.4", "denied everywhere by NotAction", inline(`"Effect":"Allow","Action":"iam:*","Resource":"*"`, `"Effect":"Deny","NotAction":"iam:Get*","Resource":"*"`), passed},
	{"FSO.4", "denied in part", inline(`"Effect":"Allow","Action":"iam:*","Resource":"*"`, `"Effect":"Deny","Action":"iam:Put*","Resource":"*"`), failed},
	{"FSO.4", "denied for one resource", inline(`"Effect":"Allow","Action":"iam:*","Resource":"*"`, `"Effect":"Deny","Action":"iam:*","Resource":"arn:aws:iam::1:role/x"`), failed},
	{"FSO.4", "denied under a condition", inline(`"Effect":"Allow","Action":"iam:*","Resource":"*"`,
		`"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":false}}`), failed},

	{"FSO.5", "good", none, passed},
	{"FSO.5", "no role", noRole, unknown},
	{"FSO.5", "star", inline(admin), failed},
	{"FSO.5", "service", inline(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b"`), failed},
	{"FSO.5", "service twice starred", inline(`"Effect":"Allow","Action":"s3:**","Resource":"arn:aws:s3:::b"`), failed},
	{"FSO.5", "NotAction", inline(`"Effect":"Allow","NotAction":"s3:*","Resource":"arn:aws:s3:::b"`), failed},
	{"FSO.5", "part of a service", inline(`"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b"`), passed},
	{"FSO.5", "denied", inline(`"Effect":"Deny","Action":"s3:*","Resource":"*"`), passed},

	{"FSO.6", "good", none, passed},
	{"FSO.6", "no role", noRole, unknown},
	{"FSO.6", "write", inline(`"Effect":"Allow","Action":"s3:PutObject","Resource":"*"`), failed},
	{"FSO.6", "write, all ARNs", inline(`"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:*"`), failed},
	{"FSO.6", "glob that may write", inline(`"Effect":"Allow","Action":"s3:*Object","Resource":"*"`), failed},
	{"FSO.6", "NotAction", inline(`"Effect":"Allow","NotAction":"s3:*","Resource":"*"`), failed},
	{"FSO.6", "NotResource", inline(`"Effect":"Allow","Action":"s3:PutObject","NotResource":"arn:aws:s3:::b"`), failed},
	{"FSO.6", "read", inline(`"Effect":"Allow","Action":["s3:Get*","ec2:Describe*"],"Resource":"*"`), passed},
	{"FSO.6", "one bucket", inline(`"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"`), passed},
	{"FSO.6", "bound by a tag", inline(`"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/a":"b"}}`), passed},
	{"FSO.6", "denied", inline(`"Effect":"Allow","Action":"s3:PutObject","Resource":"*"`, `"Effect":"Deny","Action":"s3:Put*","Resource":"*"`), passed},
	{"FSO.6", "glob denied in part", inline(`"Effect":"Allow","Action":"s3:Put*","Resource":"*"`, `"Effect":"Deny","NotAction":"s3:PutObject","Resource":"*"`), failed},

	{"FSO.7", "good", none, passed},
	{"FSO.7", "no role", noRole, unknown},
	{"FSO.7", "none", func(s *observed.State) { s.Role.PermissionsBoundary = "" }, failed},

	{"FSO.8", "good", none, passed},
	{"FSO.8", "no role", noRole, unknown},
	{"FSO.8", "not looked up", func(s *observed.State) { s.Role.NodeGroupsRead = false }, unknown},
	{"FSO.8", "no profile", func(s *observed.State) { s.FargateProfile = nil }, passed},
	{"FSO.8", "shared", func(s *observed.State) { s.Role.NodeGroup = "workers" }, failed},
	{"FSO.8", "EKS says so", func(s *observed.State) {
		s.Role.NodeGroupsRead = false
		s.FargateProfile.HealthIssues = []observed.HealthIssue{{Code: "PodExecutionRoleAlreadyInUse"}}
	}, failed},

	{"FSO.9", "good", none, passed},
	{"FSO.9", "no role", noRole, unknown},
	{"FSO.9", "GovCloud", func(s *observed.State) {
		s.Role.ManagedPolicies[0].ARN = "arn:aws-us-gov:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
	}, passed},
	{"FSO.9", "none at all", func(s *observed.State) { s.Role.ManagedPolicies = nil }, passed},
	{"FSO.9", "one more", managed("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", ""), failed},
	{"FSO.9", "a namesake", managed("arn:aws:iam::111122223333:policy/AmazonEKSFargatePodExecutionRolePolicy", ""), failed},
}

var networkCases = []testCase{
	{"EC2.13", "good", none, passed},
	{"EC2.13", "no groups", noGroups, unknown},
	{"EC2.13", "list not read", ingress("tcp 22 22 pl-1"), unknown},
	{"EC2.13", "list not read, other port", ingress("tcp 443 443 pl-1"), passed},
	{"EC2.13", "world", ingress("tcp 22 22 0.0.0.0/0"), failed},
	{"EC2.13", "world, IPv6", ingress("tcp 22 22 ::/0"), failed},
	{"EC2.13", "in a range", ingress("tcp 20 25 0.0.0.0/0"), failed},
	{"EC2.13", "all traffic", ingress("-1 0 0 0.0.0.0/0"), failed},
	{"EC2.13", "two halves", ingress("tcp 22 22 0.0.0.0/1", "tcp 22 22 128.0.0.0/1"), failed},
	{"EC2.13", "list of the world", ingress("tcp 22 22 pl-1 0.0.0.0/0"), failed},
	{"EC2.13", "list of an office", ingress("tcp 22 22 pl-1 203.0.113.0/24"), passed},
	{"EC2.13", "second group", func(s *observed.State) {
		s.SecurityGroups = append(s.SecurityGroups, observed.SecurityGroup{ID: "sg-2", Ingress: []observed.Rule{rule("tcp 22 22 0.0.0.0/0")}})
	}, failed},
	{"EC2.13", "office", ingress("tcp 22 22 203.0.113.0/24"), passed},
	{"EC2.13", "UDP", ingress("udp 22 22 0.0.0.0/0"), passed},
	{"EC2.14", "good", none, passed},
	{"EC2.14", "no groups", noGroups, unknown},
	{"EC2.14", "world", ingress("tcp 3389 3389 0.0.0.0/0"), failed},
	{"EC2.14", "world, UDP", ingress("udp 3389 3389 ::/0"), failed},
	{"EC2.14", "world, other port", ingress("tcp 3390 3390 0.0.0.0/0"), passed},
	{"EC2.18", "good", none, passed},
	{"EC2.18", "no groups", noGroups, unknown},
	{"EC2.18", "443 and 80", ingress("tcp 443 443 0.0.0.0/0", "tcp 80 80 ::/0"), passed},
	{"EC2.18", "8443", ingress("tcp 8443 8443 0.0.0.0/0"), failed},
	{"EC2.18", "80 to 443", ingress("tcp 80 443 0.0.0.0/0"), failed},
	{"EC2.18", "UDP 443", ingress("udp 443 443 0.0.0.0/0"), failed},
	{"EC2.18", "ICMP", ingress("icmp -1 -1 0.0.0.0/0"), failed},
	{"EC2.19", "good", none, passed},
	{"EC2.19", "no groups", noGroups, unknown},
	{"EC2.19", "database", ingress("tcp 5432 5432 0.0.0.0/0"), failed},
	{"EC2.19", "in a range", ingress("tcp 1000 2000 0.0.0.0/0"), failed},
	{"EC2.19", "between", ingress("tcp 26 109 0.0.0.0/0"), passed},
	{"EC2.19", "private", ingress("tcp 5432 5432 10.0.0.0/8"), passed},
	{"FSO.10", "good", none, passed},
	{"FSO.10", "no groups", noGroups, unknown},
	{"FSO.10", "list not read", ingress("tcp 443 443 pl-1"), unknown},
	{"FSO.10", "443", ingress("tcp 443 443 0.0.0.0/0"), failed},

	{"FSO.26", "good", none, passed},
	{"FSO.26", "no groups", noGroups, unknown},
	{"FSO.26", "443 from a public /8", ingress("tcp 443 443 52.0.0.0/8"), failed},
	{"FSO.26", "half of the world", ingress("tcp 443 443 0.0.0.0/1"), failed},
	{"FSO.26", "a /23", ingress("tcp 443 443 52.1.2.0/23"), failed},
	{"FSO.26", "a /24", ingress("tcp 443 443 52.1.2.0/24"), passed},
	{"FSO.26", "one address", ingress("-1 0 0 52.1.2.3/32"), passed},
	{"FSO.26", "the world, which FSO.10 judges", ingress("tcp 443 443 0.0.0.0/0", "tcp 443 443 ::/0"), passed},
	{"FSO.26", "private", ingress("tcp 443 443 10.0.0.0/8", "tcp 1 1 172.16.0.0/12", "tcp 1 1 192.168.0.0/16", "tcp 1 1 100.64.0.0/10", "tcp 1 1 fd00::/8"), passed},
	{"FSO.26", "private, and the next /8", ingress("tcp 443 443 10.0.0.0/7"), failed},
	{"FSO.26", "a provider's range of IPv6", ingress("tcp 443 443 2600::/24"), failed},
	{"FSO.26", "a site's range of IPv6", ingress("tcp 443 443 2001:db8::/32"), passed},
	{"FSO.26", "in a prefix list", ingress("tcp 443 443 pl-1 10.0.0.0/8 13.0.0.0/9"), failed},
	{"FSO.26", "list not read", ingress("tcp 443 443 pl-1"), unknown},
	{"FSO.26", "a group", ingress("tcp 443 443 sg-1"), passed},
	{"FSO.26", "egress is FSO.11's", egress("tcp 443 443 52.0.0.0/8"), passed},
	{"FSO.11", "good", none, passed},
	{"FSO.11", "no groups", noGroups, unknown},
	{"FSO.11", "list not read", egress("-1 0 0 pl-1"), unknown},
	{"FSO.11", "all", egress("-1 0 0 0.0.0.0/0"), failed},
	{"FSO.11", "all, IPv6", egress("-1 0 0 ::/0"), failed},
	{"FSO.11", "two halves", egress("-1 0 0 0.0.0.0/1", "-1 0 0 128.0.0.0/1"), failed},
	{"FSO.11", "one port", egress("tcp 443 443 0.0.0.0/0"), passed},
	{"FSO.11", "none", egress(), passed},

	{"EC2.15", "good", none, passed},
	{"EC2.15", "no subnets", func(s *observed.State) { s.Subnets = nil }, unknown},
	{"EC2.15", "on", func(s *observed.State) { s.Subnets[1].MapPublicIPOnLaunch = true }, failed},
	{"FSO.12", "good", none, passed},
	{"FSO.12", "not found", func(s *observed.State) { s.Subnets[0].Found = false }, unknown},
	{"FSO.12", "one public", func(s *observed.State) { s.Subnets[1].Public = true }, failed},
	{"FSO.12", "one public, one not found", func(s *observed.State) { s.Subnets[1].Public = true; s.Subnets[0].Found = false }, failed},
	{"FSO.13", "good", none, passed},
	{"FSO.13", "no cluster", func(s *observed.State) { s.Cluster = nil }, unknown},
	{"FSO.13", "no subnets", func(s *observed.State) { s.Subnets = nil }, unknown},
	{"FSO.13", "elsewhere", func(s *observed.State) { s.Subnets[0].VPCID = "vpc-2" }, failed},
}

func selectors(ss ...observed.Selector) func(*observed.State) {
	return func(s *observed.State) { s.FargateProfile.Selectors = ss }
}

func noProfile(s *observed.State) { s.FargateProfile = nil }

var profileCases = []testCase{
	{"FSO.14", "good", none, passed},
	{"FSO.14", "no profile", noProfile, unknown},
	{"FSO.14", "star", selectors(observed.Selector{Namespace: "*"}), failed},
	{"FSO.14", "star with label", selectors(observed.Selector{Namespace: "*", Labels: map[string]string{"a": "b"}}), failed},
	{"FSO.14", "star in disguise", selectors(observed.Selector{Namespace: "a"}, observed.Selector{Namespace: "?*"}), failed},
	{"FSO.14", "prefix", selectors(observed.Selector{Namespace: "team-*"}), passed},
	{"FSO.15", "good", none, passed},
	{"FSO.15", "no profile", noProfile, unknown},
	{"FSO.15", "others not read", func(s *observed.State) { s.OtherProfiles = nil }, unknown},
	{"FSO.15", "no others", func(s *observed.State) { s.OtherProfiles = []observed.FargateProfile{} }, passed},
	{"FSO.15", "same namespace", func(s *observed.State) { s.OtherProfiles[0].Selectors[0].Namespace = "payments" }, failed},
	{"FSO.15", "wildcard", func(s *observed.State) { s.OtherProfiles[0].Selectors[0].Namespace = "p*" }, failed},
	{"FSO.15", "on its way out", func(s *observed.State) {
		s.OtherProfiles[0].Selectors[0].Namespace = "p*"
		s.OtherProfiles[0].Status = "DELETING"
	}, passed},
	{"FSO.16", "good", none, passed},
	{"FSO.16", "no profile", noProfile, unknown},
	{"FSO.16", "creating", func(s *observed.State) { s.FargateProfile.Status = "CREATING" }, unknown},
	{"FSO.16", "issue", func(s *observed.State) {
		s.FargateProfile.HealthIssues = []observed.HealthIssue{{Code: "AccessDenied", Message: "request 1234"}}
	}, failed},
	{"FSO.17", "good", none, passed},
	{"FSO.17", "no profile", noProfile, unknown},
	{"FSO.17", "deleting", func(s *observed.State) { s.FargateProfile.Status = "DELETING" }, unknown},
	{"FSO.17", "not created", func(s *observed.State) { s.FargateProfile.Status = "CREATE_FAILED" }, failed},
	{"FSO.17", "not deleted", func(s *observed.State) { s.FargateProfile.Status = "DELETE_FAILED" }, failed},

	{"FSO.18", "good", none, passed},
	{"FSO.18", "none", func(s *observed.State) { s.PodSecurityGroups = nil }, unknown},
	{"FSO.18", "cluster group not known", func(s *observed.State) { s.Cluster.SecurityGroupID = "" }, unknown},
	{"FSO.18", "cluster group only", func(s *observed.State) { s.PodSecurityGroups.GroupIDs = []string{"sg-cluster"} }, failed},
	{"FSO.18", "no group", func(s *observed.State) { s.PodSecurityGroups.GroupIDs = nil }, failed},
	{"FSO.19", "good", none, passed},
	{"FSO.19", "none", func(s *observed.State) { s.PodSecurityGroups = nil }, unknown},
	{"FSO.19", "no cluster", func(s *observed.State) { s.Cluster = nil }, unknown},
	{"FSO.19", "excluded, with egress", excluded("tcp 443 443 10.0.0.0/16", "udp 53 53 10.0.0.0/16"), passed},
	{"FSO.19", "excluded, all egress", excluded("-1 0 0 10.0.0.0/16"), passed},
	{"FSO.19", "excluded, no egress", excluded(), failed},
	{"FSO.19", "excluded, no DNS", excluded("tcp 443 443 10.0.0.0/16"), failed},
	{"FSO.19", "excluded, no TLS", excluded("udp 53 53 10.0.0.0/16", "tcp 80 80 0.0.0.0/0"), failed},
	{"FSO.19", "excluded, group not read", func(s *observed.State) { excluded()(s); s.SecurityGroups = nil }, unknown},
}

func excluded(rules ...string) func(*observed.State) {
	return func(s *observed.State) {
		s.PodSecurityGroups.GroupIDs = []string{"sg-pods"}
		egress(rules...)(s)
	}
}

const (
	everyone = `"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"`
	logsUse  = `"Effect":"Allow","Principal":{"Service":"logs.eu-west-1.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"`
)

func noKey(s *observed.State) { s.Key = nil }

var keyCases = []testCase{
	{"FSO.20", "good", none, passed},
	{"FSO.20", "no group", func(s *observed.State) { s.LogGroup = nil }, unknown},
	{"FSO.20", "forever", func(s *observed.State) { s.LogGroup.RetentionDays = 0 }, failed},
	{"CloudWatch.16", "good", none, passed},
	{"CloudWatch.16", "no group", func(s *observed.State) { s.LogGroup = nil }, unknown},
	{"CloudWatch.16", "forever", func(s *observed.State) { s.LogGroup.RetentionDays = 0 }, passed},
	{"CloudWatch.16", "a day", func(s *observed.State) { s.LogGroup.RetentionDays = 1 }, failed},
	{"CloudWatch.16", "six months", func(s *observed.State) { s.LogGroup.RetentionDays = 180 }, failed},
	{"CloudWatch.16", "more than a year", func(s *observed.State) { s.LogGroup.RetentionDays = 400 }, passed},
	{"FSO.20", "a day", func(s *observed.State) { s.LogGroup.RetentionDays = 1 }, passed},
	{"FSO.21", "good", none, passed},
	{"FSO.21", "no group", func(s *observed.State) { s.LogGroup = nil }, unknown},
	{"FSO.21", "no key", func(s *observed.State) { s.LogGroup.KeyARN = "" }, failed},

	{"KMS.3", "good", none, passed},
	{"KMS.3", "no key", noKey, unknown},
	{"KMS.3", "no state", func(s *observed.State) { s.Key.State = "" }, unknown},
	{"KMS.3", "pending", func(s *observed.State) { s.Key.State = "PendingDeletion" }, failed},
	{"KMS.3", "replicas pending", func(s *observed.State) { s.Key.State = "PendingReplicaDeletion" }, failed},
	{"KMS.3", "disabled", func(s *observed.State) { s.Key.State = "Disabled" }, passed},
	{"KMS.4", "good", none, passed},
	{"KMS.4", "no key", noKey, unknown},
	{"KMS.4", "off", func(s *observed.State) { s.Key.RotationEnabled = false }, failed},
	{"KMS.4", "AWS's key", func(s *observed.State) { s.Key.RotationEnabled = false; s.Key.CustomerManaged = false }, na},
	{"KMS.4", "asymmetric", func(s *observed.State) { s.Key.RotationEnabled = false; s.Key.Symmetric = false }, na},
	{"FSO.22", "good", none, passed},
	{"FSO.22", "no key", noKey, unknown},
	{"FSO.22", "366", func(s *observed.State) { s.Key.RotationPeriodDays = 366 }, failed},
	{"FSO.22", "90", func(s *observed.State) { s.Key.RotationPeriodDays = 90 }, passed},
	{"FSO.22", "not known", func(s *observed.State) { s.Key.RotationPeriodDays = 0 }, unknown},
	{"FSO.22", "off", func(s *observed.State) { s.Key.RotationEnabled = false }, na},
	{"FSO.22", "AWS's key", func(s *observed.State) { s.Key.CustomerManaged = false }, na},
	{"FSO.23", "good", none, passed},
	{"FSO.23", "no key", noKey, unknown},
	{"FSO.23", "no state", func(s *observed.State) { s.Key.State = "" }, unknown},
	{"FSO.23", "disabled", func(s *observed.State) { s.Key.State = "Disabled" }, failed},
	{"FSO.23", "pending", func(s *observed.State) { s.Key.State = "PendingDeletion" }, failed},
	{"FSO.24", "good", none, passed},
	{"FSO.24", "no key", noKey, unknown},
	{"FSO.24", "no alias", func(s *observed.State) { s.Key.Alias = "" }, na},
	{"FSO.24", "gone", func(s *observed.State) { s.Key.AliasTarget = "" }, failed},
	{"FSO.24", "moved", func(s *observed.State) { s.Key.AliasTarget = "other" }, failed},

	{"KMS.5", "good", none, passed},
	{"KMS.5", "no key", noKey, unknown},
	{"KMS.5", "unreadable", func(s *observed.State) { s.Key.Policy = "" }, unknown},
	{"KMS.5", "everyone", keyPolicy(everyone), failed},
	{"KMS.5", "everyone in a list", keyPolicy(`"Effect":"Allow","Principal":{"AWS":["111122223333","*"]},"Action":"kms:Decrypt","Resource":"*"`), failed},
	{"KMS.5", "NotPrincipal", keyPolicy(`"Effect":"Allow","NotPrincipal":{"AWS":"444455556666"},"Action":"kms:*","Resource":"*"`), failed},
	{"KMS.5", "everyone of the account", keyPolicy(everyone + `,"Condition":{"StringEquals":{"kms:CallerAccount":"111122223333"}}`), passed},
	{"KMS.5", "everyone by a service", keyPolicy(everyone + `,"Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}`), failed},
	{"KMS.5", "everyone, a condition for show", keyPolicy(everyone + `,"Condition":{"StringLike":{"aws:PrincipalArn":"*"}}`), failed},
	{"KMS.5", "everyone of any account", keyPolicy(everyone + `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}`), failed},
	{"KMS.5", "everyone, IfExists", keyPolicy(everyone + `,"Condition":{"StringEqualsIfExists":{"kms:CallerAccount":"111122223333"}}`), failed},
	{"KMS.5", "everyone, Not", keyPolicy(everyone + `,"Condition":{"StringNotEquals":{"kms:CallerAccount":"111122223333"}}`), failed},
	{"KMS.5", "denied to everyone", keyPolicy(`"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"`), passed},
	{"FSO.25", "good", none, passed},
	{"FSO.25", "no key", noKey, unknown},
	{"FSO.25", "unreadable", func(s *observed.State) { s.Key.Policy = "[" }, unknown},
	{"FSO.25", "not named", keyPolicy(`"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"`), na},
	{"FSO.25", "no condition", keyPolicy(logsUse), failed},
	{"FSO.25", "no Region", keyPolicy(`"Effect":"Allow","Principal":{"Service":"logs.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"`), failed},
	{"FSO.25", "any account", keyPolicy(logsUse + `,"Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:eu-west-1:*:*"}}`), failed},
	{"FSO.25", "other condition", keyPolicy(logsUse + `,"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}`), failed},
}
