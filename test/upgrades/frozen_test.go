// SPDX-License-Identifier: Apache-2.0

package upgrades_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	syaml "sigs.k8s.io/yaml"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// A frozen version is a directory of testdata with the CRDs of a release, the objects that it left in Kubernetes
// (objects.yaml), status included, and the calls with which it made the objects in AWS (calls.json). A release is frozen
// once, right before it is made, with
//
//	go test ./test/upgrades -run TestObjectsOfOlderVersions -freeze v0.2
//
// and never changed afterwards. v0.1 has the oldest CRDs that later ones only widened, and the objects of the operator as
// it was when this test was written.
var freeze = flag.String("freeze", "", "name of the release as which to freeze this version in testdata")

const (
	objectsFile = "objects.yaml"
	callsFile   = "calls.json"
)

// thisVersion freezes what this version of the operator is and does: in testdata if asked for, else where it is thrown
// away after the test.
func thisVersion(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if *freeze != "" {
		dir = filepath.Join("testdata", *freeze)
		must(os.MkdirAll(dir, 0o750))
	}
	for _, kind := range []string{"awsaccounts", "fargatesecurityprofiles"} {
		name := "fargatesecurity.io_" + kind + ".yaml"
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			continue // the CRDs of a release do not change
		}
		text, err := os.ReadFile(filepath.Join(current, name))
		must(err)
		must(os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	install(t, dir)
	w := newWorld(t)
	for _, o := range objectsIn(t, filepath.Join("testdata", "declared.yaml"), func(s string) string { return s }) {
		w.create(o)
		w.settle(o)
	}
	w.tamper(7)
	w.leaveUnlistedRule()
	account, profile := named("AWSAccount"), named("FargateSecurityProfile")
	w.settle(profile)
	policy := named("SecurityGroupPolicy")
	w.save(dir, account, profile, policy)
	for _, o := range []*unstructured.Unstructured{profile, account, policy} {
		w.remove(o)
	}
	return dir
}

// named is an object of the frozen versions.
func named(kind string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	switch kind {
	case "AWSAccount":
		o.SetName("upgrades")
	case "SecurityGroupPolicy":
		o.SetGroupVersionKind(schema.GroupVersionKind{Group: "vpcresources.k8s.aws", Version: "v1beta1", Kind: kind})
		o.SetNamespace("payments")
		o.SetName(namespace + ".payments")
		return o
	default:
		o.SetNamespace(namespace)
		o.SetName("payments")
	}
	o.SetGroupVersionKind(gvk(kind))
	return o
}

// tamper sets another retention, by hand.
func (w *world) tamper(days int32) {
	w.t.Helper()
	if _, err := w.aws.Logs.PutRetentionPolicy(w.t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{
		LogGroupName: aws.String("/aws/eks/prod/fargate/payments"), RetentionInDays: aws.Int32(days),
	}); err != nil {
		w.t.Fatal(err)
	}
}

// leaveUnlistedRule adds, by hand, a rule that is reported and not removed.
func (w *world) leaveUnlistedRule() {
	w.t.Helper()
	if _, err := w.aws.EC2.AuthorizeSecurityGroupIngress(w.t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: aws.String(w.group("payments-extra")),
		IpPermissions: []ec2types.IpPermission{{
			IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.1.0.0/16")}},
		}},
	}); err != nil {
		w.t.Fatal(err)
	}
}

// group is the id of a security group.
func (w *world) group(name string) string {
	for _, o := range w.sim.Objects() {
		if o.Kind == "group" && o.Name == name {
			return filepath.Base(o.ARN)
		}
	}
	w.t.Fatalf("there is no security group %s:\n%s", name, describe(w.sim.Objects()))
	return ""
}

// save writes objects and calls to the directory of a frozen version.
func (w *world) save(dir string, objects ...*unstructured.Unstructured) {
	w.t.Helper()
	var text bytes.Buffer
	for _, o := range objects {
		now := w.stored(o)
		for _, field := range []string{"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"} {
			unstructured.RemoveNestedField(now.Object, "metadata", field)
		}
		if now.GetKind() == "AWSAccount" {
			unstructured.RemoveNestedField(now.Object, "spec", "endpointURL")
		}
		one, err := syaml.Marshal(now.Object)
		must(err)
		text.WriteString("---\n")
		text.Write(one)
	}
	must(os.WriteFile(filepath.Join(dir, objectsFile), text.Bytes(), 0o600))
	calls, err := json.MarshalIndent(w.tape.needed(text.String()), "", " ")
	must(err)
	must(os.WriteFile(filepath.Join(dir, callsFile), append(calls, '\n'), 0o600))
}

// objectsIn reads the objects in a file.
func objectsIn(t *testing.T, path string, change func(string) string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(change(string(text)))), 4096)
	var list []*unstructured.Unstructured
	for {
		o := &unstructured.Unstructured{}
		switch err := decoder.Decode(&o.Object); {
		case errors.Is(err, io.EOF):
			return list
		case err != nil:
			t.Fatalf("%s: %v", path, err)
		case len(o.Object) > 0:
			list = append(list, o)
		}
	}
}

// thaw puts what a frozen version left into AWS and Kubernetes.
func (w *world) thaw(dir string) {
	w.t.Helper()
	p := &player{ids: map[string]string{}}
	p.playAll(w.t, w, filepath.Join(dir, callsFile))
	for _, o := range objectsIn(w.t, filepath.Join(dir, objectsFile), p.now) {
		w.create(o)
		w.t.Cleanup(func() { w.remove(o) })
	}
}

// ours are the objects in AWS that carry our owner tag.
func (w *world) ours() []awssim.Object {
	var list []awssim.Object
	for _, o := range w.sim.Objects() {
		if o.Tags["fargatesecurity.io/owner"] != "" {
			list = append(list, o)
		}
	}
	return list
}
