// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"fmt"
	"strconv"
	"strings"
)

type object = map[string]any

const (
	theQueue  = "https://sqs.eu-west-1.amazonaws.com/111122223333/fargate-drift"
	queueRule = "queueURL must be the URL of a standard SQS queue, such as https://sqs.eu-west-1.amazonaws.com/111122223333/fargate-drift"
)

func accountRules() []rule {
	const spec = "spec."
	return append(claimRules(), []rule{
		{at: "spec", says: required, bad: absent{}, good: object{"accountID": "111122223333", "region": "eu-west-1"}},
		{at: spec + "accountID", says: required, bad: absent{}, good: "111122223333"},
		{at: spec + "accountID", says: pattern, bad: several{"11112222333", "11112222333a", "1111 2222 33"}, good: "000000000000"},
		{at: spec + "accountID", says: tooLong(12), bad: "1111222233334", good: "111122223333", also: pattern},
		{at: spec + "accountID", says: "accountID cannot be changed: create another AWSAccount and point new profiles to it",
			old: "111122223333", bad: "111122223334", good: "111122223333"},
		{at: spec + "region", says: required, bad: absent{}, good: "eu-west-1"},
		{at: spec + "region", says: pattern, bad: several{"", "eu-west", "eu-west-1a", "EU-WEST-1", "euwest1", "europe-west-1"},
			good: several{"us-east-2", "ap-southeast-7", "us-gov-west-1", "us-iso-east-1", "eu-isoe-west-1", "cn-north-1", "eusc-de-east-1"}},
		{at: spec + "region", says: tooLong(32), bad: "eu-" + long(28) + "-1", good: "eu-" + long(27) + "-1"},
		{at: spec + "region", says: "region cannot be changed: create another AWSAccount and point new profiles to it",
			old: "eu-west-1", bad: "eu-west-2", good: "eu-west-1"},
		{at: spec + "assumeRole.roleARN", says: required, bad: absent{}, good: "arn:aws:iam::111122223333:role/x"},
		{at: spec + "assumeRole.roleARN", says: pattern,
			bad:  several{"x", "arn:aws:iam::111122223333:user/x", "arn:aws:iam::aws:role/x", "arn:aws:iam::111122223333:role/"},
			good: several{"arn:aws:iam::111122223333:role/path/x", "arn:aws-us-gov:iam::111122223333:role/x", "arn:aws-cn:iam::111122223333:role/x"}},
		{at: spec + "assumeRole.roleARN", says: tooLong(2048), bad: padded("arn:aws:iam::111122223333:role/", 2049), good: padded("arn:aws:iam::111122223333:role/", 2048)},
		{at: spec + "assumeRole.externalID", says: pattern, bad: several{"a b", "ab!"}, good: several{"a_+=,.@:/-9", absent{}}},
		{at: spec + "assumeRole.externalID", says: tooShort(2), bad: "a", good: "ab"},
		{at: spec + "assumeRole.externalID", says: tooLong(1224), bad: long(1225), good: long(1224)},
		{at: spec + "endpointURL", says: tooShort(1), bad: "", good: "http://[::1]", also: "endpointURL is for a local stand-in only"},
		{at: spec + "endpointURL", says: tooLong(253), bad: padded("http://", 250) + ".svc", good: padded("http://", 249) + ".svc"},
		{at: spec + "endpointURL",
			says: "endpointURL is for a local stand-in only: use http(s)://127.0.0.1[:port], localhost, [::1] or the name of a Service ending in .svc",
			bad: several{"https://eks.eu-west-1.amazonaws.com", "http://127.0.0.2:4566", "ftp://127.0.0.1", "127.0.0.1:4566", "http://localhost.evil.example",
				"http://127.0.0.1@evil.example", "http://evil.example/awssim.svc", "http://evil.example?.svc", "http://localhost:4566/path", "http://10.0.0.1", "http://127x0.0.1"},
			good: several{"http://127.0.0.1", "https://127.0.0.1:4566/", "http://localhost:4566", "http://[::1]:4566", "http://awssim.demo.svc:80", "http://awssim.demo.svc.cluster.local", absent{}}},
		{at: spec + "driftEvents.queueURL", says: required, bad: absent{}, good: theQueue},
		{at: spec + "driftEvents.queueURL", says: tooShort(1), bad: "", good: theQueue, also: queueRule},
		{at: spec + "driftEvents.queueURL", says: tooLong(512), bad: padded("http://", 500) + ".svc/111122223333/queue", good: padded("http://", 400) + ".svc/111122223333/queue"},
		{at: spec + "driftEvents.queueURL", says: queueRule,
			bad: several{"x", "https://sqs.eu-west-1.amazonaws.com/1/q", "http://sqs.eu-west-1.amazonaws.com/111122223333/q", "https://sqs.eu-west-1.amazonaws.com/111122223333/q.fifo",
				"https://sqs.eu-west-1.evil.example/111122223333/q", "https://evil.example/sqs.eu-west-1.amazonaws.com/111122223333/q", "http://127.0.0.2:4566/111122223333/q"},
			good: several{theQueue, "https://eu-west-1.queue.amazonaws.com/111122223333/q", "http://127.0.0.1:4566/111122223333/q", "http://[::1]/111122223333/q", "http://awssim.demo.svc/111122223333/q"}},
		{at: spec + "driftEvents.queueURL", field: "spec", says: "driftEvents.queueURL must be in the account's region",
			bad: several{"https://sqs.eu-west-2.amazonaws.com/111122223333/q", "https://us-east-1.queue.amazonaws.com/111122223333/q"}, good: theQueue},
		{at: spec + "guardrails.permissionsBoundaryARN", says: pattern, bad: several{"", "boundary", "arn:aws:iam::111122223333:role/x"},
			good: several{"arn:aws:iam::111122223333:policy/x", "arn:aws:iam::aws:policy/x", absent{}}},
		{at: spec + "guardrails.permissionsBoundaryARN", says: tooLong(2048), bad: padded("arn:aws:iam::aws:policy/", 2049), good: padded("arn:aws:iam::aws:policy/", 2048)},
		{at: spec + "guardrails.allowedManagedPolicyARNs", says: tooMany(50), bad: list(51, numbered("p%d")), good: list(50, numbered("p%d"))},
		{at: spec + "guardrails.allowedManagedPolicyARNs[0]", says: tooShort(1), bad: "", good: "*"},
		{at: spec + "guardrails.allowedManagedPolicyARNs[0]", says: tooLong(2048), bad: long(2049), good: long(2048)},
		{at: spec + "guardrails.allowedManagedPolicyARNs", says: unique, field: spec + "guardrails.allowedManagedPolicyARNs[1]", bad: []any{"a", "a"}, good: []any{"a", "b"}},
		{at: spec + "guardrails.forbiddenIngressCIDRs", says: tooMany(50), bad: list(51, numbered("10.0.%d.0/24")), good: list(50, numbered("10.0.%d.0/24"))},
		{at: spec + "guardrails.forbiddenIngressCIDRs[0]", says: tooLong(49), bad: long(50), good: "2001:0db8:0000:0000:0000:0000:0000:0000/64"},
		{at: spec + "guardrails.forbiddenIngressCIDRs", says: unique, field: spec + "guardrails.forbiddenIngressCIDRs[1]",
			bad: []any{"::/0", "::/0"}, good: []any{"::/0", "0.0.0.0/0"}},
		{at: spec + "guardrails.forbiddenIngressCIDRs", says: "forbiddenIngressCIDRs must be CIDR blocks such as 0.0.0.0/0 or 2001:db8::/32",
			bad:  several{[]any{"0.0.0.0/0", "10.0.0.1"}, []any{"any"}, []any{"10.0.0.0/33"}, []any{""}},
			good: several{[]any{"0.0.0.0/0", "10.0.0.1/32"}, []any{"2001:db8::/32"}, []any{}}},
		{at: spec + "resyncInterval", says: "resyncInterval must be a duration of at least 10s, such as 5m: AWS throttles accounts that are read more often",
			bad: several{"9s", "0s", "-1h", "9999ms", "soon", "", "1d", "5"}, good: several{"10s", "1m30s", "24h", "5m0s"}},
		{at: spec + "quotas.managedPoliciesPerRole", says: tooSmall(10), bad: several{9, -1}, good: several{10, absent{}}},
		{at: spec + "quotas.managedPoliciesPerRole", says: tooLarge(25), bad: 26, good: 25},
		{at: spec + "quotas.rulesPerSecurityGroup", says: tooSmall(1), bad: several{0, -1}, good: several{1, absent{}}},
		{at: spec + "quotas.rulesPerSecurityGroup", says: tooLarge(1000), bad: 1001, good: 1000},
		{at: spec + "resyncInterval", says: tooLong(32), bad: "1" + strings.Repeat("0", 31) + "s", good: strings.Repeat("0", 29) + "10s"},

		{at: "status.conditions", says: tooMany(16), bad: list(17, condition), good: list(16, condition)},
		{at: "status.conditions", says: unique, field: "status.conditions[1]", bad: []any{condition(1), condition(1)}, good: []any{condition(1), condition(2)}},
		{at: "status.observedGeneration", says: tooSmall(0), bad: -1, good: 0},
		{at: "status.callerARN", says: tooLong(2048), bad: long(2049), good: long(2048)},
		{at: "status.lastHandledReconcileRequest", says: tooLong(1024), bad: long(1025), good: long(1024)},
	}...)
}

// claimRules are the rules of guardrails.claims, and of the guardrails for inline policies and boundaries.
func claimRules() []rule {
	const guard = "spec.guardrails."
	const claim = guard + "claims[0]."
	rules := []rule{
		{at: guard + "requirePermissionsBoundary", says: options(`"Always"`, `"Never"`), bad: several{"Required", "always", "", "true"}, good: several{"Always", "Never", absent{}}},
		{at: guard + "forbiddenInlineActions", says: tooMany(100), bad: list(101, numbered("iam:Get%d")), good: list(100, numbered("iam:Get%d"))},
		{at: guard + "forbiddenInlineActions[0]", says: pattern, bad: several{"", "iam", "iam.PassRole", "iam:", ":PassRole", "iam:Pass Role", "**", "a:b:c"},
			good: several{"iam:PassRole", "iam:*", "*:Delete*", "*", "s3:Get?bject", "application-autoscaling:Put_x-y"}},
		{at: guard + "forbiddenInlineActions[0]", says: tooLong(128), bad: padded("iam:", 129), good: padded("iam:", 128)},
		{at: guard + "forbiddenInlineActions", says: unique, field: guard + "forbiddenInlineActions[1]", bad: []any{"a:b", "a:b"}, good: []any{"a:b", "a:c"}},
		{at: guard + "claims", says: tooFew(1), bad: []any{}, good: absent{}},
		{at: guard + "claims", says: tooMany(50), bad: list(51, everyNamespace), good: list(50, everyNamespace)},
		{at: claim + "namespaceSelector", says: required, bad: absent{}, good: object{}},
	}
	for _, l := range []struct {
		name       string
		of         func(int) any
		limit      int
		long       string // what the longest one begins with
		bad, taken several
	}{
		{"clusterNames", numbered("c%d"), 100, "a", several{"", "-prod", "pr.od", "pr od", "[a-z]"}, several{"prod", "*", "?-_9*"}},
		{"fargateProfileNames", numbered("p%d"), 100, "a", several{"", "_a", "a.b", "a/b"}, several{"payments", "*", "pay?-_9*"}},
		{"podNamespaces", numbered("n%d"), 63, "a", several{"", "Payments", "-a", "a-", "a.b", "a_b"}, several{"payments", "*", "?", "pay-*-x?"}},
		{"roleNames", numbered("r%d"), 64, "a", several{"", "a b", "path/a"}, several{"A+=,.@_-9", "*", "pay?-*"}},
		{"securityGroupNames", numbered("g%d"), 255, "a", several{"", "a\tb", "ü"}, several{"A b._-:/()#,@[]+=&;{}!$*", "pay?", "*"}},
		{"logGroupNames", numbered("/l%d"), 512, "/", several{"", "a b", "a:*"}, several{"/aws/eks/*/fargate/?", "*", "A.-_/#9"}},
		{"keyAliases", numbered("alias/k%d"), 256, "alias/", several{"", "payments-*", "alias/", "alias/a b", "**"}, several{"alias/payments-*", "alias/a/?_b", "*"}},
		{"keyARNs", numbered("arn:aws:kms:eu-west-1:111122223333:key/%d"), 2048, "arn:aws:kms:eu-west-1:111122223333:key/",
			several{"", "1234abcd", "alias/a", "arn:aws:kms:eu-west-1:111122223333:alias/a", "arn:aws:iam::111122223333:role/a"},
			several{"arn:aws:kms:*:111122223333:key/*", "arn:aws-cn:kms:cn-north-1:*:key/12ab-?", "*"}},
	} {
		at := claim + l.name
		rules = append(rules,
			rule{at: at, says: tooMany(50), bad: list(51, l.of), good: list(50, l.of)},
			rule{at: at + "[0]", says: pattern, bad: l.bad, good: l.taken},
			rule{at: at + "[0]", says: tooLong(l.limit), bad: padded(l.long, l.limit+1), good: padded(l.long, l.limit)},
			rule{at: at, says: unique, field: at + "[1]", bad: []any{l.of(1), l.of(1)}, good: []any{l.of(1), l.of(2)}},
		)
	}
	return rules
}

func everyNamespace(int) any { return object{"namespaceSelector": object{}} }

const (
	podGroupsWithoutGroups = "podSecurityGroups needs at least one entry in securityGroups: these are the groups that the pods get"
	podGroupsTooMany       = "with podSecurityGroups at most 4 securityGroups can be declared, since a pod has at most 5 and the cluster's own group is one of them: declare fewer, or set clusterSecurityGroup to Exclude"
	profileRenamed         = "fargateProfile.name (default: metadata.name) cannot be changed, since AWS cannot rename a profile: create another FargateSecurityProfile"
	nameUnfit              = "without fargateProfile.name, metadata.name is the profile's name in EKS and must not contain dots or begin with eks-: set spec.fargateProfile.name"
	keyReserved            = "tag keys must not begin with aws: or fargatesecurity.io/: these are reserved"
	keyMalformed           = "tag keys have 1 to 128 letters, digits, spaces or _.:/=+-@"
)

func profileRules() []rule {
	const spec = "spec."
	return []rule{
		{at: "metadata.name", field: "metadata", says: "metadata.name must have at most 100 characters: AWS owner tags and profile names have no room for more",
			bad: long(101), good: long(100)},
		{at: "spec", says: required, bad: absent{}, good: object{
			"accountRef": object{"name": "a"}, "clusterName": "c", "fargateProfile": object{"selectors": []any{object{"namespace": "n"}}, "subnetIDs": []any{"subnet-1"}},
		}},
		{at: spec + "accountRef", says: required, bad: absent{}, good: object{"name": "other"}},
		{at: spec + "accountRef.name", says: required, bad: absent{}, good: "other"},
		{at: spec + "accountRef.name", says: tooShort(1), bad: "", good: "a"},
		{at: spec + "accountRef.name", says: tooLong(253), bad: long(254), good: long(253)},
		{at: spec + "accountRef.name", field: spec + "accountRef", says: "accountRef cannot be changed: create another FargateSecurityProfile for the other account",
			old: "prod-eu", bad: "prod-us", good: "prod-eu"},
		{at: spec + "clusterName", says: required, bad: absent{}, good: "prod"},
		{at: spec + "clusterName", says: pattern, bad: several{"", "-prod", "_prod", "pr.od", "pr od"}, good: several{"p", "Prod_1-x", "1prod"}},
		{at: spec + "clusterName", says: tooLong(100), bad: long(101), good: long(100)},
		{at: spec + "clusterName", says: "clusterName cannot be changed: create another FargateSecurityProfile for the other cluster",
			old: "prod", bad: "test", good: "prod"},
		{at: spec + "mode", says: options(`"Enforce"`, `"Observe"`, `"Suspend"`), bad: several{"enforce", "Off", ""}, good: several{"Enforce", "Observe", "Suspend"}},
		{at: spec + "deletionPolicy", says: options(`"Delete"`, `"Retain"`), bad: several{"Orphan", ""}, good: several{"Delete", "Retain"}},
		{at: spec + "adoptionPolicy", says: options(`"Refuse"`, `"Adopt"`), bad: several{"Force", ""}, good: several{"Refuse", "Adopt"}},
		{at: spec + "tags", says: tooMany(40), bad: pairs(41), good: pairs(40)},
		{at: spec + "tags", says: keyMalformed, bad: several{object{"a*": "x"}, object{"": "x"}, object{long(129): "x"}, object{"ok": "x", "a\nb": "x"}},
			good: several{object{"A a_.:/=+-@9": "x"}, object{long(128): "x"}, object{}}},
		{at: spec + "tags", says: keyReserved, bad: several{object{"aws:x": "y"}, object{"AWS:x": "y"}, object{"ok": "y", "fargatesecurity.io/owner": "y"}, object{"FargateSecurity.io/Owner": "y"}},
			good: several{object{"aws-x": "y"}, object{"my.fargatesecurity.io/owner": "y"}}},
		{at: spec + "tags", says: "tag values have up to 256 letters, digits, spaces or _.:/=+-@", bad: several{object{"a": "b*"}, object{"a": "b", "c": "d\te"}},
			good: several{object{"a": ""}, object{"a": "B b_.:/=+-@9"}}},
		{at: spec + "tags.team", says: tooLong(256), bad: long(257), good: long(256)},
	}
}

func fargateProfileRules() []rule {
	const fp = "spec.fargateProfile"
	return []rule{
		{at: fp, says: required, bad: absent{}, good: object{"selectors": []any{object{"namespace": "n"}}, "subnetIDs": []any{"subnet-1"}}},
		{at: fp + ".name", says: pattern, bad: several{"", "-a", "a.b", "a b"}, good: several{"A_b-9", absent{}}},
		{at: fp + ".name", says: tooLong(100), bad: long(101), good: long(100)},
		{at: fp + ".name", says: "fargateProfile.name must not begin with eks-: AWS keeps that prefix for itself", bad: "eks-payments", good: several{"eks", "eksy-payments", "my-eks-"}},
		{at: fp + ".name", field: fp, says: profileRenamed, old: "payments", bad: "payments-2", good: "payments"},
		{at: "metadata.name", without: fp + ".name", field: fp, says: nameUnfit, bad: several{"eks-payments", "pay.ments"}, good: several{"eksy-payments", "9-payments"}},
		{at: fp + ".selectors", says: required, bad: absent{}, good: []any{object{"namespace": "n"}}},
		{at: fp + ".selectors", says: tooFew(1), bad: []any{}, good: list(1, selector)},
		{at: fp + ".selectors", says: tooMany(5), bad: list(6, selector), good: list(5, selector)},
		{at: fp + ".selectors[0].namespace", says: required, bad: absent{}, good: "n"},
		{at: fp + ".selectors[0].namespace", says: pattern, bad: several{"", "Payments", "-a", "a-", "a.b", "a_b"}, good: several{"a", "pay-ments", "pay*", "*", "?-a"}},
		{at: fp + ".selectors[0].namespace", says: tooLong(63), bad: long(64), good: long(63)},
		{at: fp + ".selectors[0].labels", says: tooMany(5), bad: pairs(6), good: pairs(5)},
		{at: fp + ".selectors[0].labels", says: "a selector's label keys must be those of Kubernetes labels, such as tier or app.kubernetes.io/name; * and ? are wildcards",
			bad:  several{object{"": "x"}, object{"a b": "x"}, object{"a/b/c": "x"}, object{"/a": "x"}, object{"a/": "x"}, object{long(64): "x"}, object{long(255) + "/" + long(63): "x"}},
			good: several{object{"app.kubernetes.io/name": "x", "Tier_1": "x"}, object{"t*": "x"}, object{long(253) + "/" + long(63): "x"}}},
		{at: fp + ".selectors[0].labels.tier", says: pattern, bad: several{"a b", "a/b"}, good: several{"", "back*", "B.a_c-k?"}},
		{at: fp + ".selectors[0].labels.tier", says: tooLong(63), bad: long(64), good: long(63)},
		{at: fp + ".subnetIDs", says: required, bad: absent{}, good: []any{"subnet-0a"}},
		{at: fp + ".subnetIDs", says: tooFew(1), bad: []any{}, good: list(1, numbered("subnet-%d"))},
		{at: fp + ".subnetIDs", says: tooMany(16), bad: list(17, numbered("subnet-%d")), good: list(16, numbered("subnet-%d"))},
		{at: fp + ".subnetIDs[0]", says: pattern, bad: several{"", "subnet-", "subnet-A", "vpc-0a", "10.0.0.0/24"}, good: "subnet-0123456789abcdef0"},
		{at: fp + ".subnetIDs[0]", says: tooLong(64), bad: padded("subnet-", 65), good: padded("subnet-", 64)},
		{at: fp + ".subnetIDs", says: unique, field: fp + ".subnetIDs[1]", bad: []any{"subnet-0a", "subnet-0a"}, good: []any{"subnet-0a", "subnet-0b"}},
		// CreateBeforeDelete enters the schema with the code that makes it work.
		{at: fp + ".replacePolicy", says: options(`"Never"`), bad: several{"CreateBeforeDelete", ""}, good: "Never"},
	}
}

func roleRules() []rule {
	const role = "spec.podExecutionRole"
	const awsPolicy = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
	const existing = "arn:aws:iam::111122223333:role/x"
	named := func(i int) any { return object{"name": "p" + strconv.Itoa(i), "document": "{}"} }
	return []rule{
		{at: role + ".name", says: pattern, bad: several{"", "a b", "path/a"}, good: several{"A+=,.@_-9", absent{}}},
		{at: role + ".name", says: tooLong(64), bad: long(65), good: long(64)},
		{at: role + ".managedPolicyARNs", says: tooMany(25), bad: list(26, numbered("arn:aws:iam::aws:policy/p%d")), good: several{list(25, numbered("arn:aws:iam::aws:policy/p%d")), []any{}, absent{}}},
		{at: role + ".managedPolicyARNs", says: unique, field: role + ".managedPolicyARNs[1]", bad: []any{awsPolicy, awsPolicy}, good: []any{awsPolicy, awsPolicy + "2"}},
		{at: role + ".managedPolicyARNs[0]", says: pattern, bad: several{"", "AmazonEKSFargatePodExecutionRolePolicy", existing, "arn:aws:iam::aws:policy/"},
			good: several{awsPolicy, "arn:aws-cn:iam::111122223333:policy/path/p"}},
		{at: role + ".managedPolicyARNs[0]", says: tooLong(2048), bad: padded("arn:aws:iam::aws:policy/", 2049), good: padded("arn:aws:iam::aws:policy/", 2048)},
		{at: role + ".inlinePolicies", says: tooMany(10), bad: list(11, named), good: list(10, named)},
		{at: role + ".inlinePolicies", says: unique, field: role + ".inlinePolicies[1]", bad: []any{named(1), named(1)}, good: []any{named(1), named(2)}},
		{at: role + ".inlinePolicies[0].name", says: required, bad: absent{}, good: "p", also: unique},
		{at: role + ".inlinePolicies[0].name", says: pattern, bad: several{"", "a b", "a/b"}, good: "A+=,.@_-9"},
		{at: role + ".inlinePolicies[0].name", says: tooLong(128), bad: long(129), good: long(128)},
		{at: role + ".inlinePolicies[0].name", says: "fargate-logging is the name of the policy that the operator writes for logging: choose another name",
			bad: "fargate-logging", good: several{"fargate-logging-2", "Fargate-logging"}},
		{at: role + ".inlinePolicies[0].document", says: required, bad: absent{}, good: "{}"},
		{at: role + ".inlinePolicies[0].document", says: tooShort(2), bad: several{"", "{"}, good: "{}", also: "document must be a JSON object"},
		{at: role + ".inlinePolicies[0].document", says: tooLong(20480), bad: "{" + long(20479) + "}", good: "{" + long(20478) + "}"},
		{at: role + ".inlinePolicies[0].document", says: `document must be a JSON object such as {"Version":"2012-10-17","Statement":[...]}`,
			bad: several{"[]", "Version: x", `"{}`, "{}]", "file://policy.json"}, good: several{" {} \n", `{"Version":"2012-10-17","Statement":[]}`}},
		{at: role + ".permissionsBoundaryARN", says: pattern, bad: several{"", "boundary", existing}, good: several{awsPolicy, absent{}}},
		{at: role + ".permissionsBoundaryARN", says: tooLong(2048), bad: padded("arn:aws:iam::aws:policy/", 2049), good: padded("arn:aws:iam::aws:policy/", 2048)},
		{at: role + ".unlistedPolicies", says: options(`"Remove"`, `"Report"`), bad: several{"Ignore", ""}, good: several{"Remove", "Report"}},
		{at: role, field: role + ".existingARN", says: pattern, bad: several{object{"existingARN": "x"}, object{"existingARN": ""}, object{"existingARN": "arn:aws:iam::aws:role/x"}, object{"existingARN": awsPolicy}},
			good: several{object{"existingARN": existing}, object{"existingARN": "arn:aws-cn:iam::111122223333:role/service-role/x"}}},
		{at: role, field: role + ".existingARN", says: tooLong(2048), bad: object{"existingARN": padded(existing, 2049)}, good: object{"existingARN": padded(existing, 2048)}},
		{at: role, says: "existingARN names a role that the operator only verifies: leave out name, managedPolicyARNs, inlinePolicies and permissionsBoundaryARN, or leave out existingARN",
			bad: several{
				object{"existingARN": existing, "name": "x"}, object{"existingARN": existing, "managedPolicyARNs": []any{}},
				object{"existingARN": existing, "inlinePolicies": []any{named(1)}}, object{"existingARN": existing, "permissionsBoundaryARN": awsPolicy},
			},
			good: several{object{"existingARN": existing, "unlistedPolicies": "Report"}, object{"name": "x", "managedPolicyARNs": []any{}, "permissionsBoundaryARN": awsPolicy}}},
	}
}

func groupRules() []rule {
	const groups = "spec.securityGroups"
	const name = groups + "[0].name"
	const description = groups + "[0].description"
	named := func(n int) any {
		return list(n, func(i int) any { return object{"name": "g" + strconv.Itoa(i)} })
	}
	rule0 := func(i int) any { return port("tcp", i, i) }
	out := []rule{
		{at: "spec", says: tooMany(5), field: groups, bad: spec("securityGroups", named(6)), good: spec("securityGroups", named(5))},
		{at: groups, says: unique, field: groups + "[1]", bad: []any{object{"name": "a"}, object{"name": "a"}}, good: []any{object{"name": "a"}, object{"name": "b"}}},
		{at: name, says: required, bad: absent{}, good: "pods"},
		{at: name, says: pattern, bad: several{"", "a'b", "gröup", "a\nb"}, good: several{"A a._-:/()#,@[]+=&;{}!$*9"}},
		{at: name, says: tooLong(255), bad: long(256), good: long(255)},
		{at: name, says: "a security group's name must not begin with sg- and must not be default: AWS keeps these for itself", bad: several{"sg-pods", "default"}, good: several{"sgpods", "default2", "my-sg-pods"}},
		{at: name, says: "a security group's name must not begin or end with a space: AWS cuts them off", bad: several{" pods", "pods "}, good: "the pods"},
		{at: description, says: pattern, bad: several{"it's", "größer"}, good: several{"", "A a._-:/()#,@[]+=&;{}!$*9"}},
		{at: description, says: tooLong(255), bad: long(256), good: long(255)},
		{at: groups + "[0].unlistedRules", says: options(`"Remove"`, `"Report"`), bad: several{"Ignore", ""}, good: several{"Remove", "Report"}},
	}
	for _, direction := range []string{"ingress", "egress"} {
		article := map[string]string{"ingress": "an ingress", "egress": "an egress"}[direction]
		at := groups + "[0]." + direction
		first := at + "[0]"
		out = append(out, directionRules(at, first)...)
		out = append(out,
			rule{at: at, says: tooMany(60), bad: list(61, rule0), good: several{list(60, rule0), []any{}, absent{}}},
			rule{at: first, field: groups, says: "securityGroupName of " + article + " rule must be the name of a group in securityGroups: declare it there, or name any other group by securityGroupID",
				bad: several{peer("securityGroupName", "other"), peer("securityGroupName", "Pods")}, good: several{peer("securityGroupName", "pods"), peer("securityGroupID", "sg-0a")}},
		)
	}
	return append(out, ignoreRules()...)
}

// ignoreRules are the promises about rules of other controllers.
func ignoreRules() []rule {
	const at = "spec.securityGroups[0].ignoreRules"
	const first = at + "[0]"
	return []rule{
		{at: at, says: tooMany(10), bad: list(11, func(int) any { return object{"tagKey": "k"} }), good: list(10, func(int) any { return object{"tagKey": "k"} })},
		{at: first, says: "exactly one of the fields in [description tagKey] must be set",
			bad:  several{object{}, object{"description": "elbv2*", "tagKey": "k"}},
			good: several{object{"description": "elbv2*"}, object{"tagKey": "k"}}},
		{at: first, says: "tagValue goes with tagKey: name the key as well", bad: object{"description": "elbv2*", "tagValue": "v"}, good: object{"tagKey": "k", "tagValue": "v"}},
		{at: first, field: first + ".description", says: "description must hold more than wildcards: rules without a description of their own would all be ignored",
			bad: several{object{"description": "*"}, object{"description": "?*"}}, good: object{"description": "a*"}},
		{at: first, field: first + ".description", says: tooShort(1), bad: object{"description": ""}, good: object{"description": "a"}},
		{at: first, field: first + ".description", says: tooLong(255), bad: object{"description": long(256)}, good: object{"description": long(255)}},
		{at: first, field: first + ".tagKey", says: tooShort(1), bad: object{"tagKey": ""}, good: object{"tagKey": "k"}},
		{at: first, field: first + ".tagKey", says: tooLong(128), bad: object{"tagKey": long(129)}, good: object{"tagKey": long(128)}},
		{at: first, field: first + ".tagValue", says: tooLong(256), bad: object{"tagKey": "k", "tagValue": long(257)}, good: object{"tagKey": "k", "tagValue": long(256)}},
	}
}

// directionRules are the promises that ingress and egress rules share.
func directionRules(at, first string) []rule {
	return []rule{
		{at: first + ".protocol", says: required, bad: absent{}, good: "udp", also: "no such key: protocol"},
		{at: first, field: first + ".protocol", says: pattern, bad: several{proto(""), proto("TCP"), proto("all"), proto("256"), proto("300"), proto("06"), proto("-2"), proto("esp")},
			good: several{proto("-1"), proto("0"), proto("50"), proto("99"), proto("199"), proto("255"), port("6", 1, 2), port("17", 1, 2), proto("icmp"), proto("icmpv6"), proto("1"), proto("58")}},
		{at: first, field: first + ".protocol", says: tooLong(6), bad: proto("icmpv66"), good: proto("icmpv6"), also: pattern},
		{at: first, field: first + ".fromPort", says: tooSmall(-1), bad: port("icmp", -2, 0), good: port("icmp", -1, -1)},
		{at: first, field: first + ".fromPort", says: tooLarge(65535), bad: port("tcp", 65536, 65535), good: port("tcp", 65535, 65535), also: "fromPort must not be above toPort"},
		{at: first, field: first + ".toPort", says: tooSmall(-1), bad: port("icmp", 0, -2), good: port("icmp", 0, -1)},
		{at: first, field: first + ".toPort", says: tooLarge(65535), bad: port("tcp", 0, 65536), good: port("tcp", 0, 65535)},
		{at: first, says: "fromPort and toPort go together: give both, or neither",
			bad:  several{object{"protocol": "tcp", "fromPort": 1, "cidr": "10.0.0.0/8"}, object{"protocol": "icmp", "toPort": 1, "cidr": "10.0.0.0/8"}},
			good: several{port("tcp", 1, 1), proto("icmp")}},
		{at: first, says: "fromPort must not be above toPort", bad: several{port("tcp", 2, 1), port("17", 65535, 0)}, good: several{port("tcp", 1, 2), port("udp", 2, 2), port("icmp", 8, 0)}},
		{at: first, says: "only tcp, udp, icmp and icmpv6 have ports: leave fromPort and toPort out, or name one of these protocols",
			bad: several{port("-1", 0, 65535), port("-1", 0, 0), port("50", 0, 0)}, good: several{proto("-1"), proto("50"), port("6", 0, 65535)}},
		{at: first, says: "tcp and udp need fromPort and toPort (0 and 65535 for all ports)",
			bad: several{proto("tcp"), proto("udp"), proto("6"), proto("17")}, good: several{port("tcp", 0, 65535), port("17", 53, 53), proto("icmp")}},
		{at: first, says: "-1 (all types) is for icmp and icmpv6 only: ports go from 0 to 65535", bad: several{port("tcp", -1, -1), port("17", -1, 80)},
			good: several{port("tcp", 0, 0), port("icmp", -1, -1), port("58", -1, -1)}},
		{at: first, says: "for icmp and icmpv6, fromPort is the type and toPort the code: each from 0 to 255, or -1 for all; with type -1 the code must be -1 too",
			bad: several{port("icmp", 256, 0), port("icmpv6", 0, 256), port("1", -1, 0)}, good: several{port("icmp", 255, 255), port("58", 8, -1), port("tcp", 256, 256)}},
		{at: first, says: "exactly one of the fields in [cidr securityGroupName securityGroupID prefixListID] must be set",
			bad: several{
				object{"protocol": "-1"}, object{"protocol": "-1", "cidr": "::/0", "securityGroupName": "pods"},
				object{"protocol": "-1", "securityGroupID": "sg-0a", "prefixListID": "pl-0a"},
			},
			good: several{peer("cidr", "::/0"), peer("securityGroupName", "pods"), peer("securityGroupID", "sg-0a"), peer("prefixListID", "pl-0a")}},
		{at: first, field: first + ".cidr", says: tooShort(1), bad: peer("cidr", ""), good: peer("cidr", "::/0"), also: "cidr must be an IPv4 or IPv6 range"},
		{at: first, field: first + ".cidr", says: tooLong(49), bad: peer("cidr", long(50)), good: peer("cidr", "2001:0db8:0000:0000:0000:0000:0000:0000/128")},
		{at: first, field: first + ".cidr", says: "cidr must be an IPv4 or IPv6 range such as 10.0.0.0/16 or 2001:db8::/32",
			bad:  several{peer("cidr", "10.0.0.0"), peer("cidr", "10.0.0.0/33"), peer("cidr", "10.0.0/24"), peer("cidr", "anywhere"), peer("cidr", "2001:db8::/129")},
			good: several{peer("cidr", "10.0.0.0/32"), peer("cidr", "10.0.0.5/16"), peer("cidr", "2001:db8::/128"), peer("cidr", "0.0.0.0/0")}},
		{at: first, field: first + ".securityGroupName", says: tooShort(1), bad: peer("securityGroupName", ""), good: peer("securityGroupName", "pods"), also: "must be the name of a group in securityGroups"},
		{at: first, field: first + ".securityGroupName", says: tooLong(255), bad: peer("securityGroupName", long(256)), good: peer("securityGroupName", "pods")},
		{at: first, field: first + ".securityGroupID", says: pattern, bad: several{peer("securityGroupID", ""), peer("securityGroupID", "pods"), peer("securityGroupID", "sg-"), peer("securityGroupID", "sg-A")},
			good: peer("securityGroupID", "sg-0123456789abcdef0")},
		{at: first, field: first + ".securityGroupID", says: tooLong(64), bad: peer("securityGroupID", padded("sg-", 65)), good: peer("securityGroupID", padded("sg-", 64))},
		{at: first + ".securityGroupAccountID", says: pattern, bad: several{"", "1111", "11112222333x"}, good: several{"111122223333", absent{}}},
		{at: first + ".securityGroupAccountID", says: tooLong(12), bad: "1111222233334", good: "111122223333"},
		{at: first, field: first + ".prefixListID", says: pattern, bad: several{peer("prefixListID", ""), peer("prefixListID", "s3"), peer("prefixListID", "pl-")}, good: peer("prefixListID", "pl-6da54004")},
		{at: first, field: first + ".prefixListID", says: tooLong(64), bad: peer("prefixListID", padded("pl-", 65)), good: peer("prefixListID", padded("pl-", 64))},
		{at: first + ".description", says: pattern, bad: several{"it's", "größer"}, good: several{"", "A a._-:/()#,@[]+=&;{}!$*9", absent{}}},
		{at: first + ".description", says: tooLong(255), bad: long(256), good: long(255)},
	}
}

func podGroupRules() []rule {
	const pods = "spec.podSecurityGroups"
	with := func(groups int, clusterGroup string) object {
		s := spec("securityGroups", list(groups, func(i int) any { return object{"name": "g" + strconv.Itoa(i)} }))
		s["podSecurityGroups"] = object{"namespace": "payments", "podSelector": object{}, "clusterSecurityGroup": clusterGroup}
		return s
	}
	without := with(1, "Include")
	delete(without, "securityGroups")
	return []rule{
		{at: "spec", says: podGroupsWithoutGroups, bad: several{with(0, "Include"), without}, good: with(1, "Include")},
		{at: "spec", field: "spec.securityGroups", says: podGroupsTooMany, bad: with(5, "Include"), good: several{with(4, "Include"), with(5, "Exclude")}},
		{at: pods + ".namespace", says: required, bad: absent{}, good: "payments"},
		{at: pods + ".namespace", says: pattern, bad: several{"", "Payments", "-a", "a-", "pay*"}, good: several{"a", "a-b"}},
		{at: pods + ".namespace", says: tooLong(63), bad: long(64), good: long(63)},
		{at: pods + ".clusterSecurityGroup", says: options(`"Include"`, `"Exclude"`), bad: several{"Remove", ""}, good: several{"Include", "Exclude"}},
		{at: pods, says: "exactly one of the fields in [podSelector serviceAccountSelector] must be set",
			bad:  several{object{"namespace": "a"}, object{"namespace": "a", "podSelector": object{}, "serviceAccountSelector": object{}}},
			good: several{object{"namespace": "a", "podSelector": object{}}, object{"namespace": "a", "serviceAccountSelector": object{}}}},
	}
}

func loggingAndKeyRules() []rule {
	const group = "spec.logging.logGroup"
	const key = "spec.encryption.kmsKey"
	const keyARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	days := several{}
	for _, n := range []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653} {
		days = append(days, n)
	}
	var spelled []string
	for _, n := range days {
		spelled = append(spelled, fmt.Sprintf(`"%d"`, n))
	}
	return []rule{
		{at: group + ".name", says: pattern, bad: several{"", "a b", "a*", "a:b"}, good: several{"/aws/eks/prod/A_b-9.x#1", absent{}}},
		{at: group + ".name", says: tooLong(512), bad: long(513), good: long(512)},
		{at: group + ".name", says: "a log group's name must not begin with aws/: AWS keeps that prefix for itself (/aws/... is fine)", bad: "aws/eks", good: several{"/aws/eks", "awsome/eks"}},
		{at: group + ".retentionDays", says: options(spelled...), bad: several{0, 2, 364, 366, 3654, -1}, good: append(days, absent{})},
		{at: "spec.encryption", says: "exactly one of the fields in [kmsKey keyARN] must be set",
			bad:  several{object{}, object{"keyARN": keyARN, "kmsKey": object{"alias": "alias/a"}}},
			good: several{object{"keyARN": keyARN}, object{"kmsKey": object{"alias": "alias/a"}}}},
		{at: "spec.encryption", field: "spec.encryption.keyARN", says: pattern,
			bad:  several{object{"keyARN": ""}, object{"keyARN": "alias/x"}, object{"keyARN": "arn:aws:kms:eu-west-1:111122223333:alias/x"}, object{"keyARN": "arn:aws:kms:eu-west-1:111122223333:key/"}},
			good: several{object{"keyARN": keyARN}, object{"keyARN": "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"}}},
		{at: "spec.encryption", field: "spec.encryption.keyARN", says: tooLong(2048), bad: object{"keyARN": padded(keyARN, 2049)}, good: object{"keyARN": padded(keyARN, 2048)}},
		{at: key + ".alias", says: required, bad: absent{}, good: "alias/a"},
		{at: key + ".alias", says: pattern, bad: several{"", "payments", "alias/", "alias/a b", "alias/a.b"}, good: "alias/A/b_c-9"},
		{at: key + ".alias", says: tooLong(256), bad: padded("alias/", 257), good: padded("alias/", 256)},
		{at: key + ".alias", says: "alias must not begin with alias/aws/: these are AWS's own keys", bad: "alias/aws/logs", good: several{"alias/aws-logs", "alias/my/aws/logs"}},
		{at: key + ".rotationPeriodDays", says: tooSmall(90), bad: several{89, 0}, good: 90},
		{at: key + ".rotationPeriodDays", says: tooLarge(2560), bad: 2561, good: 2560},
		{at: key + ".deletionWindowDays", says: tooSmall(7), bad: several{6, 0}, good: 7},
		{at: key + ".deletionWindowDays", says: tooLarge(30), bad: 31, good: 30},
		{at: key + ".additionalStatements", says: tooMany(10), bad: list(11, numbered(`{"Sid":"s%d"}`)), good: list(10, numbered(`{"Sid":"s%d"}`))},
		{at: key + ".additionalStatements[0]", says: tooShort(2), bad: several{"", "{"}, good: "{}", also: "an additional statement must be a JSON object"},
		{at: key + ".additionalStatements[0]", says: tooLong(8192), bad: "{" + long(8191) + "}", good: "{" + long(8190) + "}"},
		{at: key + ".additionalStatements[0]", says: `an additional statement must be a JSON object such as {"Effect":"Allow","Principal":{...},"Action":"kms:Decrypt","Resource":"*"}`,
			bad: several{"[{}]", "Effect: Allow"}, good: ` {"Effect":"Allow"} `},
	}
}

func profileStatusRules() []rule {
	const res = "status.resources"
	resource := func(i int) any { return object{"kind": "KMSKey", "name": "k" + strconv.Itoa(i)} }
	out := []rule{
		{at: "status.conditions", says: tooMany(16), bad: list(17, condition), good: list(16, condition)},
		{at: "status.conditions", says: unique, field: "status.conditions[1]", bad: []any{condition(1), condition(1)}, good: []any{condition(1), condition(2)}},
		{at: "status.observedGeneration", says: tooSmall(0), bad: -1, good: 0},
		{at: res, says: tooMany(64), bad: list(65, resource), good: list(64, resource)},
		{at: res + "[0].kind", says: required, bad: absent{}, good: "KMSKey"},
		{at: res + "[0].kind", says: tooShort(1), bad: "", good: "K"},
		{at: res + "[0].kind", says: tooLong(64), bad: long(65), good: long(64)},
		{at: res + "[0].name", says: required, bad: absent{}, good: "k"},
		{at: res + "[0].name", says: tooShort(1), bad: "", good: "k"},
		{at: res + "[0].name", says: tooLong(512), bad: long(513), good: long(512)},
		{at: res + "[0].arn", says: tooLong(2048), bad: long(2049), good: long(2048)},
		{at: res + "[0].state", says: tooLong(64), bad: long(65), good: long(64)},
		{at: res + "[0].origin", says: options(`"Created"`, `"Adopted"`, `"Referenced"`), bad: "Found", good: several{"Created", "Adopted", "Referenced", absent{}}},
		{at: res + "[0].declarationHash", says: tooLong(64), bad: long(65), good: long(64)},
		{at: "status.driftCount", says: tooSmall(0), bad: -1, good: 0},
		{at: "status.lastRepair.time", says: required, bad: absent{}, good: "2026-11-24T09:00:00Z"},
		{at: "status.lastRepair.fields", says: required, bad: absent{}, good: 1},
		{at: "status.lastRepair.fields", says: tooSmall(1), bad: 0, good: 1},
		{at: "status.lastRepair.message", says: required, bad: absent{}, good: "done"},
		{at: "status.lastRepair.message", says: tooShort(1), bad: "", good: "d"},
		{at: "status.lastRepair.message", says: tooLong(4096), bad: long(4097), good: long(4096)},
		{at: "status.posture.failedControls", says: tooMany(100), bad: list(101, numbered("c%d")), good: list(100, numbered("c%d"))},
		{at: "status.posture.failedControls[0]", says: tooLong(64), bad: long(65), good: long(64)},
		{at: "status.posture.score", says: tooLarge(100), bad: 101, good: 100},
		{at: "status.profileStatus", says: tooLong(64), bad: long(65), good: long(64)},
		{at: "status.tagKeys", says: tooMany(80), bad: list(81, numbered("k%d")), good: list(80, numbered("k%d"))},
		{at: "status.tagKeys[0]", says: tooLong(128), bad: long(129), good: long(128)},
		{at: "status.permissionsBoundaryARNs", says: tooMany(16), bad: list(17, numbered("p%d")), good: list(16, numbered("p%d"))},
		{at: "status.permissionsBoundaryARNs", field: "status.permissionsBoundaryARNs[1]", says: unique, bad: []any{"p", "p"}, good: []any{"p", "q"}},
		{at: "status.permissionsBoundaryARNs[0]", says: tooLong(2048), bad: long(2049), good: long(2048)},
		{at: "status.lastHandledReconcileRequest", says: tooLong(1024), bad: long(1025), good: long(1024)},
	}
	for _, field := range []string{"passed", "failed", "score"} {
		out = append(out,
			rule{at: "status.posture." + field, says: required, bad: absent{}, good: 0},
			rule{at: "status.posture." + field, says: tooSmall(0), bad: -1, good: 0})
	}
	out = append(out, driftRules("status.drift", 50)...)
	out = append(out, driftRules("status.repairs", 10)...)
	return append(out,
		rule{at: "status.repairs[0].repairedTime", says: required, bad: absent{}, good: "2026-11-24T09:00:00Z"},
		rule{at: "status.repairs[0].times", says: tooSmall(2), bad: 1, good: several{2, absent{}}})
}

// driftRules are the promises that a difference and a repaired one share.
func driftRules(at string, limit int) []rule {
	one := func(i int) any {
		return object{
			"resource": "IAMRole/x", "path": "p" + strconv.Itoa(i), "desired": "", "observed": "x", "severity": "Low", "action": "Repair",
			"firstObservedTime": "2026-11-24T09:00:00Z", "repairedTime": "2026-11-24T09:00:00Z",
		}
	}
	plain := func(i int) any {
		d := one(i).(object)
		if at == "status.drift" {
			delete(d, "repairedTime")
		}
		return d
	}
	first := at + "[0]."
	out := []rule{
		{at: at, says: tooMany(limit), bad: list(limit+1, plain), good: list(limit, plain)},
		{at: first + "resource", says: tooShort(1), bad: "", good: "r"},
		{at: first + "resource", says: tooLong(600), bad: long(601), good: long(600)},
		{at: first + "path", says: tooShort(1), bad: "", good: "p"},
		{at: first + "path", says: tooLong(2200), bad: long(2201), good: long(2200)},
		{at: first + "desired", says: tooLong(4096), bad: long(4097), good: several{long(4096), ""}},
		{at: first + "observed", says: tooLong(4096), bad: long(4097), good: several{long(4096), ""}},
		{at: first + "severity", says: options(`"Critical"`, `"High"`, `"Medium"`, `"Low"`), bad: "None", good: several{"Critical", "High", "Medium", "Low"}},
		{at: first + "action", says: options(`"Repair"`, `"ReportOnly"`, `"RequiresReplacement"`), bad: "Ignore", good: several{"Repair", "ReportOnly", "RequiresReplacement"}},
		{at: first + "controls", says: tooMany(16), bad: list(17, numbered("c%d")), good: list(16, numbered("c%d"))},
		{at: first + "controls[0]", says: tooLong(64), bad: long(65), good: long(64)},
		{at: first + "changedBy", says: tooLong(2048), bad: long(2049), good: long(2048)},
	}
	for _, field := range []string{"resource", "path", "desired", "observed", "severity", "action", "firstObservedTime"} {
		out = append(out, rule{at: first + field, says: required, bad: absent{}, good: one(0).(object)[field]})
	}
	return out
}

// spec is the smallest spec of a profile, with one more field.
func spec(field string, v any) object {
	return object{
		"accountRef": object{"name": "a"}, "clusterName": "c", "fargateProfile": object{"selectors": []any{object{"namespace": "n"}}, "subnetIDs": []any{"subnet-1"}},
		field: v,
	}
}

func selector(i int) any { return object{"namespace": "ns-" + strconv.Itoa(i)} }

func condition(i int) any {
	return object{"type": "Type" + strconv.Itoa(i), "status": "True", "reason": "R", "message": "", "lastTransitionTime": "2026-11-24T09:00:00Z"}
}

// proto, port and peer are security-group rules.
func proto(protocol string) any { return object{"protocol": protocol, "cidr": "10.0.0.0/8"} }

func port(protocol string, from, to int) any {
	return object{"protocol": protocol, "fromPort": from, "toPort": to, "cidr": "10.0.0.0/8"}
}

func peer(field, v string) any { return object{"protocol": "-1", field: v} }

// padded returns s made longer, to n characters.
func padded(s string, n int) string { return s + long(n-len(s)) }
