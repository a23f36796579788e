// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

const (
	account = "AWSAccount"
	profile = "FargateSecurityProfile"
)

// The smallest objects that the server takes.
var minimal = map[string]string{
	account: `
apiVersion: fargatesecurity.io/v1alpha1
kind: AWSAccount
metadata: {name: prod-eu}
spec: {accountID: "111122223333", region: eu-west-1}
`,
	profile: `
apiVersion: fargatesecurity.io/v1alpha1
kind: FargateSecurityProfile
metadata: {name: payments, namespace: default}
spec:
  accountRef: {name: prod-eu}
  clusterName: prod
  fargateProfile: {selectors: [{namespace: payments}], subnetIDs: [subnet-0a]}
`,
}

// Objects with every section, so that each rule can be reached by changing one field.
var full = map[string]string{
	account: `
apiVersion: fargatesecurity.io/v1alpha1
kind: AWSAccount
metadata: {name: prod-eu}
spec:
  accountID: "111122223333"
  region: eu-west-1
  assumeRole: {roleARN: "arn:aws:iam::111122223333:role/fso", externalID: platform}
  endpointURL: http://127.0.0.1:4566
  allowedNamespaces: {matchLabels: {team: platform}}
  guardrails:
    permissionsBoundaryARN: arn:aws:iam::111122223333:policy/boundary
    allowedManagedPolicyARNs: ["arn:aws:iam::aws:policy/*"]
    forbiddenIngressCIDRs: ["0.0.0.0/0", "::/0"]
    requirePermissionsBoundary: Always
    forbiddenInlineActions: ["iam:*"]
    claims:
    - namespaceSelector: {matchLabels: {team: payments}}
      clusterNames: [prod]
      fargateProfileNames: [payments]
      podNamespaces: [payments]
      roleNames: [payments-*]
      securityGroupNames: [payments-*]
      logGroupNames: [/aws/eks/prod/fargate/payments]
      keyAliases: [alias/payments]
      keyARNs: ["arn:aws:kms:eu-west-1:111122223333:key/1234"]
  quotas: {managedPoliciesPerRole: 20, rulesPerSecurityGroup: 200}
  resyncInterval: 10m
  driftEvents: {queueURL: "http://awssim.demo.svc:80/111122223333/fargate-drift"} # one on AWS must be in the region
`,
	profile: `
apiVersion: fargatesecurity.io/v1alpha1
kind: FargateSecurityProfile
metadata: {name: payments, namespace: default}
spec:
  accountRef: {name: prod-eu}
  clusterName: prod
  tags: {team: payments}
  fargateProfile:
    name: payments
    selectors: [{namespace: payments, labels: {tier: backend}}]
    subnetIDs: [subnet-0a, subnet-0b]
  podExecutionRole:
    name: payments-fargate
    managedPolicyARNs: ["arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"]
    inlinePolicies: [{name: pull-cache, document: "{}"}]
    permissionsBoundaryARN: arn:aws:iam::111122223333:policy/boundary
  securityGroups:
  - name: pods
    description: the pods
    ingress: [{protocol: tcp, fromPort: 8443, toPort: 8443, cidr: 10.0.0.0/16, description: mesh}]
    egress: [{protocol: tcp, fromPort: 443, toPort: 443, cidr: 10.0.0.0/16, description: inside}]
    ignoreRules: [{description: elbv2.k8s.aws/*}]
  podSecurityGroups: {namespace: payments, podSelector: {matchLabels: {tier: backend}}}
  logging: {logGroup: {name: /aws/eks/prod/fargate/payments, retentionDays: 90}}
  encryption: {kmsKey: {alias: alias/payments, additionalStatements: ["{}"]}}
`,
}

// What status holds in the tests of its schema.
var status = map[string]string{
	account: `
conditions: [{type: Ready, status: "True", reason: AsDeclared, message: "", lastTransitionTime: "2026-11-24T09:00:00Z"}]
observedGeneration: 1
callerARN: arn:aws:sts::111122223333:assumed-role/fso
lastHandledReconcileRequest: now
`,
	profile: `
conditions:
- {type: Ready, status: "False", reason: Drifted, message: 2 fields differ, lastTransitionTime: "2026-11-24T09:00:00Z"}
- {type: Drifted, status: "True", reason: Drifted, message: 2 fields differ, lastTransitionTime: "2026-11-24T09:00:00Z"}
observedGeneration: 1
resources: [{kind: IAMRole, name: payments, arn: "arn:aws:iam::111122223333:role/payments", state: Active, origin: Created, declarationHash: abc}]
drift:
- {resource: IAMRole/payments, path: tags, desired: "", observed: x, severity: Low, action: Repair, controls: [EC2.13], firstObservedTime: "2026-11-24T09:00:00Z"}
driftCount: 2
lastRepair: {time: "2026-11-24T09:00:00Z", fields: 1, message: done}
repairs:
- {resource: IAMRole/payments, path: tags, desired: "", observed: x, severity: Low, action: Repair, controls: [EC2.13], firstObservedTime: "2026-11-24T09:00:00Z", repairedTime: "2026-11-24T09:00:00Z"}
posture: {passed: 17, failed: 1, score: 94, failedControls: [EC2.18]}
profileStatus: Active
tagKeys: [team]
permissionsBoundaryARNs: ["arn:aws:iam::111122223333:policy/boundary"]
lastHandledReconcileRequest: now
`,
}

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{}
	if err := yaml.UnmarshalStrict([]byte(text), &obj.Object); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return obj
}

// value returns what a piece of YAML says, as JSON has it.
func value(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in: %s", err, text)
	}
	return v
}

// absent, as a value, takes the field away.
type absent struct{}

// set puts v at path, such as spec.securityGroups[0].name.
func set(t *testing.T, obj *unstructured.Unstructured, path string, v any) {
	t.Helper()
	var holder any = obj.Object
	steps := split(path)
	for _, step := range steps[:len(steps)-1] {
		holder = get(holder, step)
	}
	last := steps[len(steps)-1]
	_, gone := v.(absent)
	if !gone {
		v = asJSON(t, v)
	}
	switch h := holder.(type) {
	case map[string]any:
		if gone {
			delete(h, last)
		} else {
			h[last] = v
		}
	case []any:
		h[index(last)] = v
	default:
		t.Fatalf("%s does not exist in the object, so the test cannot change it", path)
	}
}

// asJSON returns v in the types that an unstructured object may hold.
func asJSON(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func get(holder any, step string) any {
	switch h := holder.(type) {
	case map[string]any:
		return h[step]
	case []any:
		if i := index(step); i < len(h) {
			return h[i]
		}
	}
	return nil
}

// at returns what is at path, nil if nothing is.
func at(obj map[string]any, path string) any {
	var v any = obj
	for _, step := range split(path) {
		v = get(v, step)
	}
	return v
}

var stepPattern = regexp.MustCompile(`[^.\[\]]+`)

// split returns the steps of a path: names and, in brackets, indices.
func split(path string) []string { return stepPattern.FindAllString(path, -1) }

func index(step string) int {
	i, err := strconv.Atoi(step)
	if err != nil {
		panic(fmt.Sprintf("%q is not an index", step))
	}
	return i
}

func long(n int) string { return strings.Repeat("a", n) }

// list returns n values, each made from its number.
func list(n int, each func(i int) any) []any {
	var out []any
	for i := range n {
		out = append(out, each(i))
	}
	return out
}

// pairs returns an object with n fields.
func pairs(n int) map[string]any {
	out := map[string]any{}
	for i := range n {
		out["key"+strconv.Itoa(i)] = "x"
	}
	return out
}

func numbered(format string) func(int) any {
	return func(i int) any { return fmt.Sprintf(format, i) }
}
