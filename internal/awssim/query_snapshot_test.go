// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// notModeled are the members of requests that the simulator refuses because
// it does not read them. List indices are left out.
var notModeled = map[string][]string{
	"iam.ListPolicies":        {"PolicyUsageFilter"},
	"ec2.AssociateRouteTable": {"GatewayId", "PublicIpv4Pool"},
	"ec2.CreateNatGateway": {
		"AvailabilityMode", "AvailabilityZoneAddress.AllocationId", "AvailabilityZoneAddress.AvailabilityZone",
		"AvailabilityZoneAddress.AvailabilityZoneId", "PrivateIpAddress", "SecondaryAllocationId", "SecondaryPrivateIpAddress",
		"SecondaryPrivateIpAddressCount", "VpcId",
	},
	"ec2.CreateNetworkInterface": {
		"ConnectionTrackingSpecification.TcpEstablishedTimeout", "ConnectionTrackingSpecification.UdpStreamTimeout",
		"ConnectionTrackingSpecification.UdpTimeout", "EnablePrimaryIpv6", "InterfaceType", "Ipv4Prefix.Ipv4Prefix", "Ipv4PrefixCount",
		"Ipv6AddressCount", "Ipv6Addresses.Ipv6Address", "Ipv6Addresses.IsPrimaryIpv6", "Ipv6Prefix.Ipv6Prefix", "Ipv6PrefixCount",
		"Operator.Principal", "PrivateIpAddress", "PrivateIpAddresses.Primary", "PrivateIpAddresses.PrivateIpAddress", "SecondaryPrivateIpAddressCount",
	},
	"ec2.CreateRoute":               {"CarrierGatewayId", "CoreNetworkArn", "InstanceId", "LocalGatewayId", "OdbNetworkArn", "VpcEndpointId"},
	"ec2.CreateSubnet":              {"AvailabilityZoneId", "Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6Native", "Ipv6NetmaskLength", "OutpostArn"},
	"ec2.DeleteSecurityGroup":       {"GroupName"},
	"ec2.DescribeNetworkInterfaces": {"IncludeManagedResources"},
	"ec2.DescribeSecurityGroups":    {"GroupName"},
	"ec2.ModifyNetworkInterfaceAttribute": {
		"AssociatePublicIpAddress", "AssociatedSubnetId", "Attachment.AttachmentId", "Attachment.DefaultEnaQueueCount",
		"Attachment.DeleteOnTermination", "Attachment.EnaQueueCount", "ConnectionTrackingSpecification.TcpEstablishedTimeout",
		"ConnectionTrackingSpecification.UdpStreamTimeout", "ConnectionTrackingSpecification.UdpTimeout", "EnaSrdSpecification.EnaSrdEnabled",
		"EnaSrdSpecification.EnaSrdUdpSpecification.EnaSrdUdpEnabled", "EnablePrimaryIpv6", "SourceDestCheck.Value",
	},
	"ec2.ModifySubnetAttribute": {
		"AssignIpv6AddressOnCreation.Value", "CustomerOwnedIpv4Pool", "DisableLniAtDeviceIndex.Value", "EnableDns64.Value", "EnableLniAtDeviceIndex",
		"EnableResourceNameDnsAAAARecordOnLaunch.Value", "EnableResourceNameDnsARecordOnLaunch.Value", "MapCustomerOwnedIpOnLaunch.Value",
		"PrivateDnsHostnameTypeOnLaunch",
	},
	"ec2.CreateVpc": {
		"AmazonProvidedIpv6CidrBlock", "Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6CidrBlock", "Ipv6CidrBlockNetworkBorderGroup",
		"Ipv6IpamPoolId", "Ipv6NetmaskLength", "Ipv6Pool", "VpcEncryptionControl.*",
	},
	"ec2.AuthorizeSecurityGroupIngress":              append([]string{"GroupName"}, classicPeers...),
	"ec2.AuthorizeSecurityGroupEgress":               classicPeers,
	"ec2.RevokeSecurityGroupIngress":                 append([]string{"GroupName"}, classicPeers...),
	"ec2.RevokeSecurityGroupEgress":                  classicPeers,
	"ec2.UpdateSecurityGroupRuleDescriptionsIngress": append([]string{"GroupName"}, peering...),
	"ec2.UpdateSecurityGroupRuleDescriptionsEgress":  append([]string{"GroupName"}, peering...),
}

var (
	peering = []string{
		"IpPermissions.Groups.GroupName", "IpPermissions.Groups.PeeringStatus", "IpPermissions.Groups.VpcId", "IpPermissions.Groups.VpcPeeringConnectionId",
	}
	classicPeers = append([]string{"SourceSecurityGroupName", "SourceSecurityGroupOwnerId"}, peering...)
	listIndex    = regexp.MustCompile(`\.(member\.)?\d+\b`)
)

// snapshots returns the recorded requests that ship with an SDK module.
func snapshots(t *testing.T, service string) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+service).Output()
	ok(t, err)
	return filepath.Join(strings.TrimSpace(string(dir)), "request_snapshot")
}

// snapshotForm reads the form of one recorded request.
func snapshotForm(t *testing.T, file string) (url.Values, []byte) {
	t.Helper()
	text, err := os.ReadFile(file)
	ok(t, err)
	_, body, found := bytes.Cut(text, []byte("x-www-form-urlencoded\n"))
	body = bytes.TrimSpace(body)
	if !found || len(body) == 0 {
		t.Fatalf("%s has no form", file)
	}
	form, err := url.ParseQuery(string(body))
	ok(t, err)
	return form, body
}

// encodeForm is the inverse of decodeQuery, for what is set.
func encodeForm(name string, v reflect.Value, into url.Values) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			encodeForm(name, v.Elem(), into)
		}
	case reflect.Slice:
		for i := range v.Len() {
			encodeForm(name+"."+strconv.Itoa(i+1), v.Index(i), into)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			tag, has := field.Tag.Lookup("q")
			tag, _, _ = strings.Cut(tag, ",")
			switch {
			case !has && field.Anonymous:
				encodeForm(name, v.Field(i), into)
			case has && name != "":
				encodeForm(name+"."+tag, v.Field(i), into)
			case has:
				encodeForm(tag, v.Field(i), into)
			}
		}
	default:
		into.Set(name, fmt.Sprint(v.Interface()))
	}
}

// TestQuerySnapshotsDecode decodes every recorded request of every operation
// that is served, and wants each member back at its recorded value or in the
// list of those that are not modeled.
func TestQuerySnapshotsDecode(t *testing.T) {
	sim := New(Options{})
	for _, service := range []string{"iam", "ec2"} {
		dir := snapshots(t, service)
		for _, operation := range slices.Sorted(maps.Keys(sim.services[service])) {
			t.Run(service+"."+operation, func(t *testing.T) {
				form, _ := snapshotForm(t, filepath.Join(dir, operation+".request.snap"))
				in := sim.services[service][operation].input()
				if p := decodeQuery(form, in); p != nil && p.Kind != "unknown" {
					t.Fatalf("does not decode: %+v", p)
				}
				got := url.Values{}
				encodeForm("", reflect.ValueOf(in), got)
				unread := map[string]bool{}
				for _, key := range unreadMembers(form, sim.services[service][operation].input()) {
					unread[key] = true
					if !allowedUnread(service+"."+operation, key) {
						t.Errorf("member %s is not read", key)
					}
				}
				for key := range form {
					if key != "Action" && key != "Version" && !unread[key] && got.Get(key) != form.Get(key) {
						t.Errorf("member %s is %q, want %q", key, got.Get(key), form.Get(key))
					}
				}
				for key := range got {
					if !form.Has(key) {
						t.Errorf("member %s is claimed, but AWS's API has no such member", key)
					}
				}
			})
		}
	}
}

func allowedUnread(operation, key string) bool {
	return slices.ContainsFunc(notModeled[operation], func(allowed string) bool { return isMember(allowed, key) })
}

// isMember tells that a form's key is the member, or of those that one with a * at its end stands for.
func isMember(member, key string) bool {
	name := listIndex.ReplaceAllString(key, "")
	prefix, all := strings.CutSuffix(member, "*")
	return name == member || all && strings.HasPrefix(name, prefix)
}

// TestNotModeledIsExact wants each entry of notModeled to be a member that AWS has and the simulator refuses.
func TestNotModeledIsExact(t *testing.T) {
	sim := New(Options{})
	for operation, members := range notModeled {
		service, name, _ := strings.Cut(operation, ".")
		form, _ := snapshotForm(t, filepath.Join(snapshots(t, service), name+".request.snap"))
		for _, member := range members {
			found := false
			for key, value := range form {
				if !isMember(member, key) {
					continue
				}
				found = true
				if left := unreadMembers(url.Values{key: value}, sim.services[service][name].input()); len(left) != 1 {
					t.Errorf("%s of %s is read after all", key, operation)
				}
			}
			if !found {
				t.Errorf("notModeled has %s of %s, which AWS does not have", member, operation)
			}
		}
	}
}

// TestQuerySnapshotsAreServed sends every recorded request: each must reach
// its operation and must not break the server.
func TestQuerySnapshotsAreServed(t *testing.T) {
	sim := New(Options{})
	handler := sim.Handler()
	for _, service := range []string{"iam", "ec2"} {
		dir := snapshots(t, service)
		for _, operation := range slices.Sorted(maps.Keys(sim.services[service])) {
			form, body := snapshotForm(t, filepath.Join(dir, operation+".request.snap"))
			served(t, sim, handler, service, operation, string(body))
			for key := range form { // and once without what is not modeled
				if key != "Action" && key != "Version" && allowedUnread(service+"."+operation, key) {
					form.Del(key)
				}
			}
			form.Del("DryRun")
			served(t, sim, handler, service, operation, form.Encode())
		}
	}
}

func served(t *testing.T, sim *Sim, handler http.Handler, service, operation, body string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260304/eu-west-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	sim.ResetCalls()
	handler.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Errorf("%s.%s answers %d: %s", service, operation, w.Code, w.Body)
	}
	if calls := sim.Calls(); len(calls) != 1 || calls[0].Service != service || calls[0].Operation != operation {
		t.Errorf("%s.%s was taken for %+v", service, operation, calls)
	}
}

// TestQueryDecoderRefuses shows how each protocol words what does not decode.
func TestQueryDecoderRefuses(t *testing.T) {
	for _, tc := range []struct{ name, service, body, code string }{
		{"iam missing", "iam", "Action=GetRole&Version=2010-05-08", "ValidationError"},
		{"iam malformed", "iam", "Action=ListRoles&MaxItems=many&Version=2010-05-08", "MalformedInput"},
		{"iam unknown", "iam", "Action=GetRole&RoleName=a&Color=red&Version=2010-05-08", "UnknownParameter"},
		{"sts unknown", "sts", "Action=GetCallerIdentity&Color=red&Version=2011-06-15", "ValidationError"},
		{"ec2 missing", "ec2", "Action=DeleteVpc&Version=2016-11-15", "MissingParameter"},
		{"ec2 malformed", "ec2", "Action=DescribeVpcs&MaxResults=many&Version=2016-11-15", "InvalidParameterValue"},
		{"ec2 malformed bool", "ec2", "Action=DescribeVpcs&DryRun=perhaps&Version=2016-11-15", "InvalidParameterValue"},
		{"ec2 unknown", "ec2", "Action=DescribeVpcs&Color=red&Version=2016-11-15", "UnknownParameter"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sim := New(Options{})
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tc.body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			sim.Handler().ServeHTTP(w, r)
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "<Code>"+tc.code+"</Code>") {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		})
	}
}
