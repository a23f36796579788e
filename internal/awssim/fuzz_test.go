// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fuzzServices are the SDK modules that have recorded requests of each service.
var fuzzServices = map[string]string{
	"eks": "eks", "kms": "kms", "logs": "cloudwatchlogs", "tagging": "resourcegroupstaggingapi", "sts": "sts", "iam": "iam", "ec2": "ec2",
}

// fuzzSim is a seeded simulator with something of everything to run into.
func fuzzSim(t testing.TB) *Sim {
	t.Helper()
	sim := New(Options{Clock: NewManualClock(testTime), Delays: Delays{ProfileCreate: time.Second, ClusterUpdate: time.Second}})
	seed := DefaultSeed()
	seed.Roles = []SeedRole{{Name: "pod-exec", Trust: []byte(serviceTrust("eks-fargate-pods.amazonaws.com"))}}
	if err := sim.Seed(seed); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*http.Request{
		jsonRequest("kms", "CreateKey", `{}`), jsonRequest("logs", "CreateLogGroup", `{"logGroupName":"/a","tags":{"a":"b"}}`),
		formRequest("ec2", "Action=CreateSecurityGroup&GroupName=g&GroupDescription=d&VpcId=vpc-0a&Version=2016-11-15"),
	} {
		w := httptest.NewRecorder()
		sim.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	return sim
}

func signed(r *http.Request, service string) *http.Request {
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260304/eu-west-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	return r
}

func jsonRequest(service, operation, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "T."+operation)
	return signed(r, service)
}

func formRequest(service, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return signed(r, service)
}

// fuzzed sends a request twice: no panic, no 5xx, and an answer that can be read.
func fuzzed(t *testing.T, request func() *http.Request) {
	t.Helper()
	sim := fuzzSim(t)
	handler := sim.Handler()
	for range 2 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, request())
		if w.Code >= 500 || w.Code != http.StatusOK && w.Code < 400 {
			t.Fatalf("answer %d: %s", w.Code, w.Body)
		}
		switch kind := w.Header().Get("Content-Type"); {
		case strings.Contains(kind, "json"):
			if !json.Valid(w.Body.Bytes()) {
				t.Fatalf("answer is no JSON: %q", w.Body)
			}
		case strings.Contains(kind, "xml"):
			if err := readXML(w.Body.Bytes()); err != nil {
				t.Fatalf("answer is no XML: %v: %q", err, w.Body)
			}
		default:
			t.Fatalf("answer is %s: %q", kind, w.Body)
		}
	}
}

func readXML(body []byte) error {
	for d := xml.NewDecoder(bytes.NewReader(body)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// recorded calls add with each operation's request as the SDK recorded it: the
// target, the content type and the body.
func recorded(f *testing.F, service string, add func(operation, method, target, body string)) {
	f.Helper()
	dir := filepath.Join(moduleDir(f, fuzzServices[service]), "request_snapshot")
	for _, operation := range slices.Sorted(maps.Keys(New(Options{}).services[service])) {
		text, err := os.ReadFile(filepath.Join(dir, operation+".request.snap"))
		if err != nil {
			f.Fatal(err)
		}
		head, rest, _ := strings.Cut(string(text), "\n")
		_, body, _ := strings.Cut(strings.TrimPrefix(rest, "\n"), "\n\n")
		method, target, _ := strings.Cut(head, " ")
		add(operation, method, target, strings.TrimSpace(body))
	}
}

// moduleDir is the directory of a service's SDK module.
func moduleDir(t testing.TB, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+module).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// FuzzQuery sends any form to any query service.
func FuzzQuery(f *testing.F) {
	for _, service := range []string{"iam", "ec2", "sts"} {
		recorded(f, service, func(_, _, _, body string) { f.Add(service, body) })
	}
	f.Add("ec2", "Action=AuthorizeSecurityGroupIngress&GroupId=sg-1&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=99999999999&Version=2016-11-15")
	f.Add("iam", "Action=ListRoles&Marker=%ff%fe&MaxItems=-1&Version=2010-05-08")
	f.Add("iam", "Action=CreateRole&RoleName=%00&AssumeRolePolicyDocument=%7B%7D&Version=2010-05-08")
	f.Add("sts", "Action=AssumeRoleWithWebIdentity&RoleArn=:::::&RoleSessionName=ab&WebIdentityToken=a.e30.c")
	f.Fuzz(func(t *testing.T, service, body string) {
		if !slices.Contains([]string{"iam", "ec2", "sts"}, service) {
			return
		}
		fuzzed(t, func() *http.Request { return formRequest(service, body) })
	})
}

// FuzzForm decodes any form into the input of any query operation.
func FuzzForm(f *testing.F) {
	for _, service := range []string{"iam", "ec2", "sts"} {
		recorded(f, service, func(operation, _, _, body string) { f.Add(service, operation, body) })
	}
	services := New(Options{}).services
	f.Fuzz(func(t *testing.T, service, operation, body string) {
		op, known := services[service][operation]
		form, err := url.ParseQuery(body)
		if !known || err != nil || !slices.Contains([]string{"iam", "ec2", "sts"}, service) {
			return
		}
		in := op.input()
		problem := decodeQuery(form, in)
		if problem != nil && problem.Kind != "missing" && problem.Kind != "malformed" && problem.Kind != "unknown" {
			t.Fatalf("%+v", problem)
		}
		if left := unreadMembers(form, op.input()); problem == nil && len(left) > 0 {
			t.Fatalf("%v were dropped in silence", left)
		}
	})
}

// FuzzJSON sends any body to any operation of the awsJson1.1 services.
func FuzzJSON(f *testing.F) {
	for _, service := range []string{"kms", "logs", "tagging"} {
		recorded(f, service, func(operation, _, _, body string) { f.Add(service, operation, body) })
	}
	f.Add("kms", "ScheduleKeyDeletion", `{"KeyId":"","PendingWindowInDays":1e3}`)
	f.Add("kms", "CreateKey", `{"Policy":"{}","Tags":[{},{}]}`)
	f.Add("logs", "DescribeLogGroups", `{"limit":-1,"nextToken":"/"}`)
	f.Add("logs", "CreateLogGroup", `null`)
	f.Add("tagging", "GetResources", `{"TagFilters":[null],"PaginationToken":"YQ"}`)
	f.Fuzz(func(t *testing.T, service, operation, body string) {
		if !slices.Contains([]string{"kms", "logs", "tagging"}, service) {
			return
		}
		fuzzed(t, func() *http.Request { return jsonRequest(service, operation, body) })
	})
}

// FuzzREST sends any method, path, query and body to EKS.
func FuzzREST(f *testing.F) {
	recorded(f, "eks", func(_, method, target, body string) { f.Add(method, target, body) })
	f.Add("POST", "/clusters/prod/fargate-profiles", `{"fargateProfileName":"p","podExecutionRoleArn":"arn:aws:iam::111122223333:role/pod-exec","selectors":[{"namespace":"*"}]}`)
	f.Add("POST", "/clusters/prod/update-config", `{"logging":{"clusterLogging":[{}]},"resourcesVpcConfig":null}`)
	f.Add("GET", "/tags/arn%3Aaws%3Aeks%3Aeu-west-1%3A111122223333%3Acluster%2Fprod", "")
	f.Add("GET", "/clusters?maxResults=0&nextToken=%ff", "")
	f.Add("DELETE", "/clusters/prod/..%2f", "[]")
	f.Fuzz(func(t *testing.T, method, target, body string) {
		if _, err := url.ParseRequestURI(target); err != nil || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "/_awssim/") {
			return
		}
		if _, err := http.NewRequest(method, "http://aws"+target, nil); err != nil {
			return
		}
		fuzzed(t, func() *http.Request {
			r, _ := http.NewRequest(method, "http://aws"+target, strings.NewReader(body))
			return signed(r, "eks")
		})
	})
}
