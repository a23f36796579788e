// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// granted is everything that config/rbac lets the operator's service account do, one line for each verb: the role, the
// API group ("" is the core group), the resource, the verb, and the name where only one object is meant. More than this is no
// operator of ours; less does not work.
var granted = []string{
	`leader-election-role "" events create`,
	`leader-election-role "" events patch`,
	"leader-election-role coordination.k8s.io leases create",
	"leader-election-role coordination.k8s.io leases get",
	"leader-election-role coordination.k8s.io leases update",
	`manager-role "" namespaces get`,
	`manager-role "" namespaces list`,
	`manager-role "" namespaces watch`,
	"manager-role apiextensions.k8s.io customresourcedefinitions get fargatesecurityprofiles.fargatesecurity.io",
	"manager-role events.k8s.io events create",
	"manager-role events.k8s.io events patch",
	"manager-role fargatesecurity.io awsaccounts list",
	"manager-role fargatesecurity.io awsaccounts patch",
	"manager-role fargatesecurity.io awsaccounts watch",
	"manager-role fargatesecurity.io awsaccounts/status patch",
	"manager-role fargatesecurity.io fargatesecurityprofiles list",
	"manager-role fargatesecurity.io fargatesecurityprofiles patch",
	"manager-role fargatesecurity.io fargatesecurityprofiles watch",
	"manager-role fargatesecurity.io fargatesecurityprofiles/status patch",
	"manager-role vpcresources.k8s.aws securitygrouppolicies create",
	"manager-role vpcresources.k8s.aws securitygrouppolicies delete",
	"manager-role vpcresources.k8s.aws securitygrouppolicies get",
	"manager-role vpcresources.k8s.aws securitygrouppolicies list",
	"manager-role vpcresources.k8s.aws securitygrouppolicies update",
	"metrics-auth-role authentication.k8s.io tokenreviews create",
	"metrics-auth-role authorization.k8s.io subjectaccessreviews create",
}

// unseen are grants that the scenarios do not use, with the reason why the operator needs them all the same.
var unseen = map[string]string{
	`leader-election-role "" events patch`:                         "an Event of the election that comes again is counted in the first one: that takes two of the same within minutes",
	`manager-role "" namespaces list`:                              listing,
	"manager-role fargatesecurity.io awsaccounts list":             listing,
	"manager-role fargatesecurity.io fargatesecurityprofiles list": listing,
}

// listing: https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists.
const listing = "the cache fills itself by a watch that streams the list; an API server that does not do that is asked for the list"

// serviceAccount is the operator's name in config/rbac, before kustomize puts prefix and namespace to it.
const serviceAccount = "controller-manager"

// rbac are the roles and bindings of config/rbac.
type rbac struct {
	rules map[string][]rbacv1.PolicyRule // by the role's name
	bound []string                       // roles that the operator's service account has
}

func readRBAC(t *testing.T) rbac {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(installed.root, "config", "rbac", "*.yaml"))
	must(err)
	found := rbac{rules: map[string][]rbacv1.PolicyRule{}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(err)
		found.add(t, file, text)
	}
	slices.Sort(found.bound)
	return found
}

// add reads one file. A Role and a ClusterRole look alike, and so do their bindings.
func (r *rbac) add(t *testing.T, file string, text []byte) {
	t.Helper()
	for documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		var object struct {
			rbacv1.ClusterRole `json:",inline"`
			Subjects           []rbacv1.Subject `json:"subjects"`
			RoleRef            rbacv1.RoleRef   `json:"roleRef"`
		}
		err := documents.Decode(&object)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		switch {
		case strings.HasSuffix(object.Kind, "Binding"):
			if slices.ContainsFunc(object.Subjects, func(s rbacv1.Subject) bool { return s.Name == serviceAccount }) {
				r.bound = append(r.bound, object.RoleRef.Name)
			}
		case strings.HasSuffix(object.Kind, "Role"):
			r.rules[object.Name] = object.Rules
		}
	}
}

// grants lists what the operator's roles allow.
func (r *rbac) grants() []string {
	var list []string
	for _, role := range r.bound {
		for _, rule := range r.rules[role] {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						list = append(list, named(role+" "+grant(group, resource, verb), rule.ResourceNames)...)
					}
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

// named is a grant for each name that it is limited to, or the grant itself.
func named(grant string, names []string) []string {
	if len(names) == 0 {
		return []string{grant}
	}
	var list []string
	for _, name := range names {
		list = append(list, grant+" "+name)
	}
	return list
}

func grant(group, resource, verb string) string {
	if group == "" {
		group = `""`
	}
	return group + " " + resource + " " + verb
}

// TestPermissionsInKubernetesAreTheListedOnes fails on any difference, wildcards and doubled grants included.
func TestPermissionsInKubernetesAreTheListedOnes(t *testing.T) {
	found := readRBAC(t)
	if want := []string{"leader-election-role", "manager-role", "metrics-auth-role"}; !slices.Equal(found.bound, want) {
		t.Errorf("the service account has the roles %q, want %q", found.bound, want)
	}
	got := found.grants()
	for _, line := range got {
		if !slices.Contains(granted, line) {
			t.Errorf("granted, and not listed: %s", line)
		}
	}
	for _, line := range granted {
		if n := len(slices.DeleteFunc(slices.Clone(got), func(g string) bool { return g != line })); n != 1 {
			t.Errorf("listed, and granted %d times: %s", n, line)
		}
	}
	for role, rules := range found.rules {
		for _, rule := range rules {
			if slices.Contains(found.bound, role) && len(rule.NonResourceURLs) > 0 {
				t.Errorf("%s allows the paths %q", role, rule.NonResourceURLs)
			}
		}
	}
}

// auditEvent is a line of the API server's audit log: https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/.
type auditEvent struct {
	Verb, RequestURI string
	User             struct{ Username string }
	ObjectRef        *struct{ APIGroup, Resource, Subresource, Namespace, Name string }
	ResponseStatus   struct{ Code int }
}

// permissionsAreUsed: every grant was used by the operator in this run, and nothing else was asked for. The API server's
// audit log says so.
func (s *suite) permissionsAreUsed(t *testing.T) {
	used := s.auditedGrants(t)
	for _, line := range granted {
		_, seen := used[strings.SplitN(line, " ", 2)[1]]
		if reason, excused := unseen[line]; seen == excused {
			t.Errorf("%s: used %v, excused %v %s", line, seen, excused, reason)
		}
	}
	allowed := map[string]bool{}
	for _, line := range granted {
		allowed[strings.SplitN(line, " ", 2)[1]] = true
	}
	for _, asked := range slices.Sorted(maps.Keys(used)) {
		if !allowed[asked] {
			t.Errorf("the operator asks for %s, which is not granted: %s", asked, used[asked])
		}
	}
	t.Logf("%d grants, %d used", len(granted), len(used))
}

// auditedGrants are the permissions that the operator's requests took, each with one request.
func (s *suite) auditedGrants(t *testing.T) map[string]string {
	t.Helper()
	file, err := os.Open(s.auditLog)
	must(err)
	defer func() { _ = file.Close() }()
	used := map[string]string{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e auditEvent
		must(json.Unmarshal(lines.Bytes(), &e))
		if e.User.Username != "system:serviceaccount:"+systemNamespace+":"+managerAccount {
			continue
		}
		if e.ResponseStatus.Code == 401 || e.ResponseStatus.Code == 403 {
			t.Errorf("refused: %s %s", e.Verb, e.RequestURI)
		}
		if e.ObjectRef != nil { // discovery has none: every account may do that
			resource := e.ObjectRef.Resource
			if e.ObjectRef.Subresource != "" {
				resource += "/" + e.ObjectRef.Subresource
			}
			use := grant(e.ObjectRef.APIGroup, resource, e.Verb)
			if resource == "customresourcedefinitions" { // granted by name
				use += " " + e.ObjectRef.Name
			}
			used[use] = e.Verb + " " + e.RequestURI
		}
	}
	must(lines.Err())
	return used
}
