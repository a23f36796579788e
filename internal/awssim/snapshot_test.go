// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi/awstest"
)

// The modules of aws-sdk-go-v2 ship one request and one response of each
// operation, with every member set. Nothing here was written by us.

// snapshotModule is where the snapshots of a service are.
var snapshotModule = map[string]string{"eks": "eks", "kms": "kms", "logs": "cloudwatchlogs", "tagging": "resourcegroupstaggingapi", "sts": "sts", "sqs": "sqs"}

// unread are the members of each request that the simulator does not read.
var unread = map[string]string{
	"eks/CreateCluster": "bootstrapSelfManagedAddons computeConfig controlPlaneScalingConfig kubeApiServerConfig kubeControllerManagerConfig kubeSchedulerConfig " +
		"kubernetesNetworkConfig.elasticLoadBalancing outpostConfig remoteNetworkConfig resourcesVpcConfig.controlPlaneEgressMode storageConfig zonalShiftConfig",
	"eks/UpdateClusterConfig": "computeConfig controlPlaneScalingConfig kubeApiServerConfig kubeControllerManagerConfig kubeSchedulerConfig " +
		"kubernetesNetworkConfig remoteNetworkConfig resourcesVpcConfig.controlPlaneEgressMode storageConfig zonalShiftConfig",
	"eks/CreateNodegroup":    "amiType clientRequestToken diskSize launchTemplate nodeRepairConfig releaseVersion remoteAccess taints updateConfig warmPoolConfig",
	"kms/CreateKey":          "CustomKeyStoreId XksKeyId",
	"logs/DescribeLogGroups": "accountIdentifiers includeLinkedAccounts",
	"sqs/ReceiveMessage":     "MessageAttributeNames ReceiveRequestAttemptId",
	"sqs/SendMessage":        "MessageAttributes MessageDeduplicationId MessageGroupId MessageSystemAttributes",
	"tagging/GetResources":   "ExcludeCompliantResources IncludeComplianceDetails TagsPerPage",
}

// snapshotDir is the directory of a service's SDK module.
func snapshotDir(t *testing.T, service string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+snapshotModule[service]).Output()
	ok(t, err)
	return strings.TrimSpace(string(out))
}

// requestSnapshot reads one request: first line, headers, body.
func requestSnapshot(t *testing.T, dir, operation string) *http.Request {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "request_snapshot", operation+".request.snap"))
	ok(t, err)
	head, rest, _ := strings.Cut(string(text), "\n")
	headers, body, _ := strings.Cut(strings.TrimPrefix(rest, "\n"), "\n\n")
	method, target, _ := strings.Cut(head, " ")
	req, err := http.NewRequest(method, "http://aws"+target, strings.NewReader(body))
	ok(t, err)
	for _, line := range strings.Split(headers, "\n") {
		if name, value, found := strings.Cut(line, ": "); found {
			req.Header.Set(name, value)
		}
	}
	return req
}

// routed is a call as serveAWS sees it before it runs.
func routed(t *testing.T, sim *Sim, service string, req *http.Request) *call {
	t.Helper()
	body, err := io.ReadAll(req.Body)
	ok(t, err)
	req.Body = io.NopCloser(bytes.NewReader(body))
	c := &call{Service: service, HTTP: req, Body: body}
	sim.route(c)
	return c
}

// forEachOperation runs a subtest for each operation that is served.
func forEachOperation(t *testing.T, services []string, test func(t *testing.T, sim *Sim, dir, service, operation string)) {
	sim := New(Options{})
	for _, service := range services {
		dir := snapshotDir(t, service)
		for _, operation := range slices.Sorted(maps.Keys(sim.services[service])) {
			t.Run(service+"/"+operation, func(t *testing.T) { test(t, sim, dir, service, operation) })
		}
	}
}

func TestRequestSnapshotsAreRouted(t *testing.T) {
	forEachOperation(t, []string{"eks", "kms", "logs", "tagging", "sqs", "sts"}, func(t *testing.T, _ *Sim, dir, service, operation string) {
		r := newRig(t, Options{})
		req := requestSnapshot(t, dir, operation)
		c := routed(t, r.sim, service, req)
		wantEqual(t, "operation", c.Operation, operation)
		for name, value := range c.Vars {
			if !strings.HasPrefix(value, "__") {
				t.Fatalf("label %s is %s", name, value)
			}
		}
		req.URL, _ = url.Parse(r.url + req.URL.RequestURI())
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260304/eu-west-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
		resp := must[*http.Response](t)(http.DefaultClient.Do(req))
		body := string(must[[]byte](t)(io.ReadAll(resp.Body)))
		_ = resp.Body.Close()
		calls := r.sim.Calls()
		wantEqual(t, "calls", len(calls), 1)
		wantEqual(t, "operation in the log", calls[0].Operation, operation)
		wantEqual(t, "service in the log", calls[0].Service, service)
		if resp.StatusCode >= 500 || slices.Contains([]string{"SerializationException", "UnknownOperationException"}, calls[0].Code) {
			t.Fatalf("status %d: %s", resp.StatusCode, body)
		}
	})
}

func TestRequestSnapshotsAreRead(t *testing.T) {
	forEachOperation(t, []string{"eks", "kms", "logs", "tagging", "sqs"}, func(t *testing.T, sim *Sim, dir, service, operation string) {
		c := routed(t, sim, service, requestSnapshot(t, dir, operation))
		if len(c.Body) == 0 {
			return
		}
		in := sim.services[service][operation].input()
		ok(t, json.Unmarshal(c.Body, in))
		var sent, read map[string]any
		ok(t, json.Unmarshal(c.Body, &sent))
		ok(t, json.Unmarshal([]byte(asText(in)), &read))
		lost := lostMembers("", sent, read)
		slices.Sort(lost)
		wantEqual(t, "unread members", strings.Join(lost, " "), unread[service+"/"+operation])
	})
	forEachOperation(t, []string{"sts"}, func(t *testing.T, sim *Sim, dir, service, operation string) {
		c := routed(t, sim, service, requestSnapshot(t, dir, operation))
		if problem := decodeQuery(c.Params, sim.services[service][operation].input()); problem != nil {
			t.Fatalf("%+v", problem)
		}
	})
}

// lostMembers lists the paths in sent that are not, or not the same, in read.
func lostMembers(path string, sent, read any) []string {
	switch s := sent.(type) {
	case map[string]any:
		r, same := read.(map[string]any)
		if !same {
			return []string{strings.TrimPrefix(path, ".")}
		}
		var lost []string
		for key, value := range s {
			lost = append(lost, lostMembers(path+"."+key, value, r[key])...)
		}
		return lost
	case []any:
		r, same := read.([]any)
		if !same || len(r) != len(s) {
			return []string{strings.TrimPrefix(path, ".")}
		}
		return lostMembers(path, s[0], r[0])
	}
	if !reflect.DeepEqual(sent, read) {
		return []string{strings.TrimPrefix(path, ".")}
	}
	return nil
}

// The members of EKS requests in the URL's query, and which are read.
func TestQuerySnapshotsAreRead(t *testing.T) {
	read := map[string]string{"ListClusters": "maxResults nextToken", "ListFargateProfiles": "maxResults nextToken", "ListNodegroups": "maxResults nextToken",
		"ListUpdates": "addonName capabilityName maxResults nextToken nodegroupName", "DescribeUpdate": "addonName capabilityName nodegroupName", "UntagResource": "tagKeys"}
	ignored := map[string]string{"ListClusters": "include"}
	forEachOperation(t, []string{"eks"}, func(t *testing.T, sim *Sim, dir, service, operation string) {
		c := routed(t, sim, service, requestSnapshot(t, dir, operation))
		want := strings.Fields(read[operation] + " " + ignored[operation])
		slices.Sort(want)
		wantEqual(t, "query", strings.Join(slices.Sorted(maps.Keys(c.Params)), " "), strings.Join(want, " "))
	})
}

// recorder keeps the body of the last good answer of each operation.
type recorder struct {
	mu     sync.Mutex
	bodies map[string][]byte // by service/operation
}

// Do sends a request and keeps the answer.
func (rec *recorder) Do(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	service := credentialPattern.FindStringSubmatch(req.Header.Get("Authorization"))[3]
	operation := partOf(req.Header.Get("X-Amz-Target"), ".")
	if service == "eks" {
		operation, _ = eksRoute(req.Method, req.URL.EscapedPath())
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.bodies[service+"/"+operation] = body
	return resp, err
}

// withoutResponse are operations whose response the SDK has no snapshot of (the sum in it would be wrong);
// TestAnswersAreModelled holds them against botocore's model.
var withoutResponse = []string{"sqs/ReceiveMessage", "sqs/SendMessage"}

func TestResponsesKeepToTheSnapshots(t *testing.T) {
	rec := &recorder{bodies: map[string][]byte{}}
	everyOperation(t, rec)
	forEachOperation(t, []string{"eks", "kms", "logs", "tagging", "sqs"}, func(t *testing.T, _ *Sim, dir, service, operation string) {
		body, asked := rec.bodies[service+"/"+operation]
		if !asked {
			t.Fatal("everyOperation does not call it")
		}
		text, err := os.ReadFile(filepath.Join(dir, "response_snapshot", operation+".response.snap"))
		if slices.Contains(withoutResponse, service+"/"+operation) {
			if err == nil {
				t.Fatal("the SDK has its response: take it off withoutResponse")
			}
			return
		}
		ok(t, err)
		_, modelled, _ := strings.Cut(string(text), "\n\n")
		var got, model any
		ok(t, json.Unmarshal(body, &got))
		if modelled != "" { // an operation without output has no body
			ok(t, json.Unmarshal([]byte(modelled), &model))
		}
		if problem := beyondModel("", got, model); problem != "" {
			t.Fatalf("%s in %s", problem, body)
		}
	})
}

// beyondModel names a member of got that the model does not have, or has with
// another JSON type.
func beyondModel(path string, got, model any) string {
	switch g := got.(type) {
	case nil:
		return ""
	case map[string]any:
		m, same := model.(map[string]any)
		if !same && len(g) > 0 {
			return path + " is an object"
		}
		free, isMap := m["key0"] // a map such as tags: any key will do
		for key, value := range g {
			known, has := m[key]
			if isMap {
				known, has = free, true
			}
			if !has {
				return path + "." + key + " is not modelled"
			}
			if problem := beyondModel(path+"."+key, value, known); problem != "" {
				return problem
			}
		}
		return ""
	case []any:
		m, same := model.([]any)
		if !same {
			return path + " is a list"
		}
		for _, value := range g {
			if problem := beyondModel(path+"[]", value, m[0]); problem != "" {
				return problem
			}
		}
		return ""
	}
	if reflect.TypeOf(got) != reflect.TypeOf(model) {
		return fmt.Sprintf("%s is a %T and not a %T", path, got, model)
	}
	return ""
}

// everyOperation calls every operation of the JSON services with success.
func everyOperation(t *testing.T, rec *recorder) {
	r := newRig(t, Options{PageSize: 1})
	cfg := awstest.ConfigAs(r.url, "AKIAEXAMPLE", "secret")
	cfg.HTTPClient = rec
	recordEKS(t, eks.NewFromConfig(cfg), r)
	arn := recordKMS(t, kms.NewFromConfig(cfg))
	recordLogs(t, cloudwatchlogs.NewFromConfig(cfg), arn)
	_, err := tagging.NewFromConfig(cfg).GetResources(ctx, &tagging.GetResourcesInput{})
	ok(t, err)
	recordSQS(t, sqs.NewFromConfig(cfg))
}

func recordSQS(t *testing.T, api *sqs.Client) {
	made, err := api.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("a")})
	ok(t, err)
	url := made.QueueUrl
	_, err = api.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("a")})
	ok(t, err)
	_, err = api.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{"DelaySeconds": "0"}})
	ok(t, err)
	_, err = api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	ok(t, err)
	for range 2 {
		_, err = api.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("b")})
		ok(t, err)
	}
	got, err := api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
	ok(t, err)
	handle, other := got.Messages[0].ReceiptHandle, got.Messages[1].ReceiptHandle
	_, err = api.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: handle, VisibilityTimeout: 5})
	ok(t, err)
	_, err = api.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: handle})
	ok(t, err)
	_, err = api.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: []sqstypes.DeleteMessageBatchRequestEntry{
		{Id: aws.String("a"), ReceiptHandle: other}, {Id: aws.String("b"), ReceiptHandle: aws.String("nonsense")}}})
	ok(t, err)
}

func recordEKS(t *testing.T, api *eks.Client, r *rig) {
	prod := aws.String("prod")
	in := clusterInput("new")
	in.EncryptionConfig = []ekstypes.EncryptionConfig{{Resources: []string{"secrets"}, Provider: &ekstypes.Provider{KeyArn: aws.String("arn:aws:kms:eu-west-1:111122223333:key/a")}}}
	created, err := api.CreateCluster(ctx, in)
	ok(t, err)
	_, err = api.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: prod})
	ok(t, err)
	_, err = api.ListClusters(ctx, &eks.ListClustersInput{})
	ok(t, err)
	update, err := api.UpdateClusterConfig(ctx, endpointUpdate(true))
	ok(t, err)
	_, err = api.DescribeUpdate(ctx, &eks.DescribeUpdateInput{Name: prod, UpdateId: update.Update.Id})
	ok(t, err)
	_, err = api.UpdateClusterConfig(ctx, endpointUpdate(false))
	ok(t, err)
	_, err = api.ListUpdates(ctx, &eks.ListUpdatesInput{Name: prod})
	ok(t, err)
	ok(t, r.sim.SetProfileOutcome("prod", "a", "CREATE_FAILED")) // so that an answer has health issues
	_, err = api.CreateFargateProfile(ctx, profileInput("a"))
	ok(t, err)
	_, err = api.CreateFargateProfile(ctx, profileInput("b"))
	ok(t, err)
	_, err = api.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: prod, FargateProfileName: aws.String("a")})
	ok(t, err)
	_, err = api.ListFargateProfiles(ctx, &eks.ListFargateProfilesInput{ClusterName: prod})
	ok(t, err)
	_, err = api.DeleteFargateProfile(ctx, &eks.DeleteFargateProfileInput{ClusterName: prod, FargateProfileName: aws.String("a")})
	ok(t, err)
	ng := aws.String("ng")
	_, err = api.CreateNodegroup(ctx, &eks.CreateNodegroupInput{
		ClusterName: prod, NodegroupName: ng, NodeRole: aws.String(nodeRole), Subnets: []string{"subnet-0a"}, InstanceTypes: []string{"m7g.large"},
		Labels: map[string]string{"a": "b"}, ScalingConfig: &ekstypes.NodegroupScalingConfig{MinSize: aws.Int32(1), MaxSize: aws.Int32(1), DesiredSize: aws.Int32(1)},
	})
	ok(t, err)
	_, err = api.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: prod, NodegroupName: ng})
	ok(t, err)
	_, err = api.ListNodegroups(ctx, &eks.ListNodegroupsInput{ClusterName: prod})
	ok(t, err)
	_, err = api.DeleteNodegroup(ctx, &eks.DeleteNodegroupInput{ClusterName: prod, NodegroupName: ng})
	ok(t, err)
	_, err = api.TagResource(ctx, &eks.TagResourceInput{ResourceArn: created.Cluster.Arn, Tags: map[string]string{"x": "y"}})
	ok(t, err)
	_, err = api.ListTagsForResource(ctx, &eks.ListTagsForResourceInput{ResourceArn: created.Cluster.Arn})
	ok(t, err)
	_, err = api.UntagResource(ctx, &eks.UntagResourceInput{ResourceArn: created.Cluster.Arn, TagKeys: []string{"x"}})
	ok(t, err)
	_, err = api.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: aws.String("new")})
	ok(t, err)
}

func recordKMS(t *testing.T, api *kms.Client) (arn string) {
	tags := []kmstypes.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}, {TagKey: aws.String("c"), TagValue: aws.String("d")}}
	policy := logsKeyPolicy("eu-west-1", "*")
	out, err := api.CreateKey(ctx, &kms.CreateKeyInput{Tags: tags, Policy: &policy})
	ok(t, err)
	other, err := api.CreateKey(ctx, &kms.CreateKeyInput{})
	ok(t, err)
	key, doomed := out.KeyMetadata.KeyId, other.KeyMetadata.KeyId
	steps := []func() error{
		func() error { _, err := api.ListKeys(ctx, &kms.ListKeysInput{}); return err },
		func() error { _, err := api.DisableKey(ctx, &kms.DisableKeyInput{KeyId: key}); return err },
		func() error { _, err := api.EnableKey(ctx, &kms.EnableKeyInput{KeyId: key}); return err },
		func() error {
			_, err := api.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: key})
			return err
		},
		func() error {
			_, err := api.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: key})
			return err
		},
		func() error {
			_, err := api.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: key})
			return err
		},
		func() error { _, err := api.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: key}); return err },
		func() error {
			_, err := api.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: key, Policy: &policy})
			return err
		},
		func() error {
			_, err := api.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: key})
			return err
		},
		func() error {
			_, err := api.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/b"), TargetKeyId: key})
			return err
		},
		func() error {
			_, err := api.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: aws.String("alias/a"), TargetKeyId: doomed})
			return err
		},
		func() error { _, err := api.ListAliases(ctx, &kms.ListAliasesInput{}); return err },
		func() error {
			_, err := api.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String("alias/a")})
			return err
		},
		func() error { _, err := api.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: key}); return err },
		func() error {
			_, err := api.TagResource(ctx, &kms.TagResourceInput{KeyId: key, Tags: tags})
			return err
		},
		func() error {
			_, err := api.UntagResource(ctx, &kms.UntagResourceInput{KeyId: key, TagKeys: []string{"c"}})
			return err
		},
		func() error { _, err := api.ListGrants(ctx, &kms.ListGrantsInput{KeyId: key}); return err },
		func() error {
			_, err := api.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: doomed})
			return err
		},
		func() error { _, err := api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: doomed}); return err },
		func() error {
			_, err := api.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: doomed})
			return err
		},
	}
	for _, step := range steps {
		ok(t, step())
	}
	return *out.KeyMetadata.Arn
}

func recordLogs(t *testing.T, api *cloudwatchlogs.Client, key string) {
	name, arn := aws.String("/a"), aws.String(logGroupARN(DefaultRegion, DefaultAccount, "/a"))
	_, err := api.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name, Tags: map[string]string{"a": "b"}})
	ok(t, err)
	_, err = api.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/b")})
	ok(t, err)
	_, err = api.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int32(7)})
	ok(t, err)
	_, err = api.AssociateKmsKey(ctx, &cloudwatchlogs.AssociateKmsKeyInput{LogGroupName: name, KmsKeyId: &key})
	ok(t, err)
	_, err = api.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	ok(t, err)
	_, err = api.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"c": "d"}})
	ok(t, err)
	_, err = api.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: arn})
	ok(t, err)
	_, err = api.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"c"}})
	ok(t, err)
	_, err = api.DisassociateKmsKey(ctx, &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: name})
	ok(t, err)
	_, err = api.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: name})
	ok(t, err)
	_, err = api.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: name})
	ok(t, err)
}

// commonErrors are codes that are not in a service's model: each service's
// page "Common Errors", and SerializationException of its protocol.
var commonErrors = []string{"AccessDeniedException", "ValidationException", "NotAuthorizedException"}

func TestErrorCodesAreModelled(t *testing.T) {
	code := regexp.MustCompile(`"([A-Z][A-Za-z]+Exception)"`)
	for service, files := range map[string]string{"eks": "eks*.go", "kms": "kms*.go", "logs": "logs*.go"} {
		dir := snapshotDir(t, service)
		names := must[[]string](t)(filepath.Glob(files))
		n := 0
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			ok(t, err)
			for _, match := range code.FindAllStringSubmatch(string(text), -1) {
				n++
				if slices.Contains(commonErrors, match[1]) {
					continue
				}
				if _, err := os.Stat(filepath.Join(dir, "response_snapshot", match[1]+".error.snap")); err != nil {
					t.Errorf("%s: %s is not an error of %s", name, match[1], service)
				}
			}
		}
		if n == 0 {
			t.Errorf("no error code found in %s", files)
		}
	}
}

// What no test makes AWS say, such as the errors of an update, must be modelled, too.
func TestWireTypesAreModelled(t *testing.T) {
	dir := snapshotDir(t, "eks")
	for operation, wire := range map[string]any{
		"DescribeCluster": struct {
			V eksCluster `json:"cluster"`
		}{},
		"DescribeFargateProfile": struct {
			V eksProfile `json:"fargateProfile"`
		}{},
		"DescribeNodegroup": struct {
			V eksNodegroup `json:"nodegroup"`
		}{},
		"DescribeUpdate": struct {
			V eksUpdate `json:"update"`
		}{},
	} {
		text, err := os.ReadFile(filepath.Join(dir, "response_snapshot", operation+".response.snap"))
		ok(t, err)
		_, body, _ := strings.Cut(string(text), "\n\n")
		var model any
		ok(t, json.Unmarshal([]byte(body), &model))
		for _, path := range wirePaths(reflect.TypeOf(wire), nil) {
			if !hasPath(model, path) {
				t.Errorf("%s: %s is not modelled", operation, strings.Join(path, "."))
			}
		}
	}
}

// wirePaths lists the JSON paths of a type.
func wirePaths(typ reflect.Type, at []string) [][]string {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[epoch]() {
		return [][]string{at}
	}
	var out [][]string
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		out = append(out, wirePaths(field.Type, append(slices.Clone(at), name))...)
	}
	return out
}

// hasPath says whether a JSON value has something at the path; lists count by
// their first element.
func hasPath(value any, path []string) bool {
	if list, isList := value.([]any); isList {
		return hasPath(list[0], path)
	}
	if len(path) == 0 {
		return true
	}
	next, has := value.(map[string]any)[path[0]]
	return has && hasPath(next, path[1:])
}
