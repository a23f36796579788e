// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	tagtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
)

// plot is a world with several profiles on its one EKS cluster.
type plot struct {
	*suite
	*world
	profiles []string
	// created is what AWS holds for each profile after an undisturbed creation.
	created map[string]state
}

func (s *suite) newPlot(t *testing.T, name string, profiles ...string) *plot {
	t.Helper()
	return &plot{suite: s, world: s.newWorld(t, name), profiles: profiles, created: map[string]state{}}
}

func (p *plot) role(name string) *string { return aws.String(p.Name + "-" + name + "-fargate") }
func (p *plot) logGroup(name string) *string {
	return aws.String("/aws/eks/" + p.Name + "/fargate/" + name)
}
func (p *plot) alias(name string) *string { return aws.String("alias/" + p.Name + "-" + name) }

func (p *plot) groupID(name string) (string, error) {
	out, err := p.backend.ec2.DescribeSecurityGroups(background(), &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{p.VPC}}, {Name: aws.String("group-name"), Values: []string{name}}}})
	if err != nil {
		return "", err
	}
	if len(out.SecurityGroups) != 1 {
		return "", fmt.Errorf("%w: %s", errNoSuchGroup, name)
	}
	return *out.SecurityGroups[0].GroupId, nil
}

// manifest declares a profile with every section, as it is first, or edited in each section.
func (p *plot) manifest(name string, edited bool) string {
	text := strings.NewReplacer("name: payments\n", "name: "+name+"\n", "payments-pods", name+"-pods", "-payments,", "-"+name+",").Replace(p.suite.manifest(p.world))
	if edited {
		text = strings.NewReplacer("team: payments", "team: storm", "fromPort: 8443, toPort: 8443", "fromPort: 9443, toPort: 9443", "retentionDays: 90", "retentionDays: 30",
			"rotationPeriodDays: 365", "rotationPeriodDays: 180", "ecr:BatchImportUpstreamImage", "ecr:BatchGetImage").Replace(text)
	}
	return text
}

// create makes the profiles as they are after the edit, undisturbed.
func (p *plot) create(t *testing.T) {
	t.Helper()
	for _, name := range p.profiles {
		p.apply(t, p.manifest(name, true))
	}
	for _, name := range p.profiles {
		p.waitReady(t, p.world, name)
	}
	for _, name := range p.profiles {
		p.created[name] = p.stateOf(t, name)
	}
}

// settle has AWS read once more for what was done to it last, and waits until the profiles are Ready.
func (p *plot) settle(t *testing.T) {
	t.Helper()
	p.profiles = slices.DeleteFunc(p.profiles, func(name string) bool { return name == "doomed" })
	p.untilGone(t, "doomed")
	for _, name := range p.profiles {
		p.readNow(t, p.world, name)
		p.untilReady(t, name)
	}
}

// sameAs compares what AWS holds for each profile with that of another plot.
func (p *plot) sameAs(t *testing.T, want map[string]state) {
	t.Helper()
	for name, state := range want {
		sameState(t, p.Name+" "+name, state, p.stateOf(t, name))
	}
}

// stateOf is what AWS holds for a profile, with the plot's own name left out.
func (p *plot) stateOf(t *testing.T, name string) state {
	t.Helper()
	r := &reader{t: t, s: p.suite, w: p.world, state: state{}, names: []string{
		p.VPC, "<vpc>", p.Private[0], "<subnet a>", p.Private[1], "<subnet b>", p.operatorID(t), "<operator>", p.operatorID(t)[:8], "<installation>",
	}}
	r.role(*p.role(name))
	r.groups()
	r.key(*p.alias(name))
	r.logGroup(*p.logGroup(name))
	profile, err := p.backend.eks.DescribeFargateProfile(background(), &eks.DescribeFargateProfileInput{ClusterName: &p.Name, FargateProfileName: &name})
	did(t, profile, err)
	r.add("profile", profile.FargateProfile)
	out := state{}
	for path, value := range r.state {
		out[strings.ReplaceAll(path, p.Name, "<plot>")] = strings.ReplaceAll(r.named(value), p.Name, "<plot>")
	}
	return out
}

func (p *plot) delete(t *testing.T) {
	t.Helper()
	for _, name := range p.profiles {
		p.deleteProfile(t, p.world, name)
	}
}

func (p *plot) gone(t *testing.T) {
	t.Helper()
	for _, name := range p.profiles {
		p.untilGone(t, name)
	}
}

// onePerKind is what belongs to one profile, by the service that holds it.
var onePerKind = map[string]int{"ec2": 1, "eks": 1, "iam": 1, "kms": 1, "logs": 1}

// eachOnce fails the test unless AWS holds exactly one object of each kind for each profile of the plots, nothing of
// ours beyond that but keys that are on their way out, and nothing of those kinds that carries no owner tag.
func (s *suite) eachOnce(t *testing.T, plots ...*plot) {
	t.Helper()
	byOwner, total := s.byOwner(t), map[string]int{}
	for _, p := range plots {
		for _, name := range p.profiles {
			owner := s.operatorID(t) + "/" + p.Namespace + "/" + name
			if !maps.Equal(byOwner[owner], onePerKind) {
				t.Errorf("AWS holds for %s of %s: %v, want %v", name, p.Name, byOwner[owner], onePerKind)
			}
			delete(byOwner, owner)
			for kind, n := range onePerKind {
				total[kind] += n
			}
		}
	}
	if len(byOwner) > 0 {
		t.Errorf("left over of profiles that are gone: %v", byOwner)
	}
	if all := s.everything(t); !maps.Equal(all, total) {
		t.Errorf("AWS holds %v in all, want %v: the rest carries no owner tag", all, total)
	}
	policies := strings.Count(s.cluster.kubectl(t, "get", "securitygrouppolicies", "-A", "-o", "name"), "\n")
	if policies != total["eks"] {
		t.Errorf("there are %d SecurityGroupPolicies, want %d", policies, total["eks"])
	}
}

// nothingLeft: not one object of ours is left but keys on their way out.
func (s *suite) nothingLeft(t *testing.T) {
	t.Helper()
	s.eachOnce(t)
	if left := strings.TrimSpace(s.cluster.kubectl(t, "get", "fsp", "-A", "-o", "name")); left != "" {
		t.Errorf("left over in Kubernetes: %q", left)
	}
}

// byOwner counts what carries an owner tag, by owner and service. Keys that are pending deletion are left out: AWS
// keeps them for days.
func (s *suite) byOwner(t *testing.T) map[string]map[string]int {
	t.Helper()
	counts := map[string]map[string]int{}
	count := func(owner, kind string) {
		if counts[owner] == nil {
			counts[owner] = map[string]int{}
		}
		counts[owner][kind]++
	}
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(s.backend.tagging, &resourcegroupstaggingapi.GetResourcesInput{
		ResourceTypeFilters: []string{"kms:key", "logs:log-group", "ec2:security-group", "eks:fargateprofile"},
		TagFilters:          []tagtypes.TagFilter{{Key: aws.String(ownerTag)}}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(background())
		did(t, page, err)
		for _, r := range page.ResourceTagMappingList {
			kind := strings.Split(*r.ResourceARN, ":")[2]
			if kind == "kms" && s.keyState(t, *r.ResourceARN) == "PendingDeletion" {
				continue
			}
			for _, tag := range r.Tags {
				if *tag.Key == ownerTag {
					count(*tag.Value, kind)
				}
			}
		}
	}
	for _, name := range s.roles(t) {
		role, err := s.backend.iam.GetRole(background(), &iam.GetRoleInput{RoleName: &name})
		did(t, role, err)
		for _, tag := range role.Role.Tags {
			if *tag.Key == ownerTag {
				count(*tag.Value, "iam")
			}
		}
	}
	return counts
}

// roles are the names of all roles but those of the EKS clusters.
func (s *suite) roles(t *testing.T) []string {
	t.Helper()
	var names []string
	pages := iam.NewListRolesPaginator(s.backend.iam, &iam.ListRolesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(background())
		did(t, page, err)
		for _, role := range page.Roles {
			if !strings.HasSuffix(*role.RoleName, "-cluster") {
				names = append(names, *role.RoleName)
			}
		}
	}
	return names
}

// everything counts what the account holds of the kinds that we make, whoever's it is, by service.
func (s *suite) everything(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{"iam": len(s.roles(t))}
	groups := ec2.NewDescribeSecurityGroupsPaginator(s.backend.ec2, &ec2.DescribeSecurityGroupsInput{})
	for groups.HasMorePages() {
		page, err := groups.NextPage(background())
		did(t, page, err)
		for _, g := range page.SecurityGroups {
			if *g.GroupName != "default" && !strings.HasPrefix(*g.GroupName, "eks-cluster-sg-") {
				counts["ec2"]++
			}
		}
	}
	keys := kms.NewListKeysPaginator(s.backend.kms, &kms.ListKeysInput{})
	for keys.HasMorePages() {
		page, err := keys.NextPage(background())
		did(t, page, err)
		for _, key := range page.Keys {
			if s.keyState(t, *key.KeyArn) != "PendingDeletion" {
				counts["kms"]++
			}
		}
	}
	logs := cloudwatchlogs.NewDescribeLogGroupsPaginator(s.backend.logs, &cloudwatchlogs.DescribeLogGroupsInput{})
	for logs.HasMorePages() {
		page, err := logs.NextPage(background())
		did(t, page, err)
		counts["logs"] += len(page.LogGroups)
	}
	clusters := eks.NewListClustersPaginator(s.backend.eks, &eks.ListClustersInput{})
	for clusters.HasMorePages() {
		page, err := clusters.NextPage(background())
		did(t, page, err)
		for _, cluster := range page.Clusters {
			counts["eks"] += s.profilesOf(t, cluster)
		}
	}
	maps.DeleteFunc(counts, func(_ string, n int) bool { return n == 0 })
	return counts
}

// profilesOf counts the Fargate profiles of an EKS cluster.
func (s *suite) profilesOf(t *testing.T, cluster string) int {
	t.Helper()
	count := 0
	profiles := eks.NewListFargateProfilesPaginator(s.backend.eks, &eks.ListFargateProfilesInput{ClusterName: &cluster})
	for profiles.HasMorePages() {
		page, err := profiles.NextPage(background())
		did(t, page, err)
		count += len(page.FargateProfileNames)
	}
	return count
}

// silent waits until the operator has read each profile again, by itself, and looks that it wrote nothing to AWS. In
// Kubernetes it has to fall silent within three periodic reads: the status of a profile also speaks of its neighbours in
// the cluster, of which some came to rest after it.
func (s *suite) silent(t *testing.T, plots ...*plot) {
	t.Helper()
	versions := func() string {
		return s.cluster.kubectl(t, "get", "fsp,awsaccounts,securitygrouppolicies", "-A", "-o",
			`jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name} {.metadata.resourceVersion} {.status}{"\n"}{end}`)
	}
	var before, after string
	for range 3 {
		mark := s.proxy.mark()
		before = versions()
		s.readAgain(t, mark, plots)
		if w := s.proxy.writesSince(mark); len(w) > 0 {
			t.Errorf("all is as declared, yet the operator wrote: %q", w)
		}
		if after = versions(); after == before {
			return
		}
	}
	t.Errorf("all is as declared, yet in three reads in a row something was written; last:\n%s\nbefore:\n%s", after, before)
}

// readAgain waits until each profile was read since mark, and until no pass is under way.
func (s *suite) readAgain(t *testing.T, mark int, plots []*plot) {
	t.Helper()
	until(t, "waiting for the periodic read", func() error {
		read := map[string]bool{}
		for _, c := range s.proxy.since(mark) {
			read[c.path] = true
		}
		for _, p := range plots {
			for _, name := range p.profiles {
				if !read["/clusters/"+p.Name+"/fargate-profiles/"+name] {
					return fmt.Errorf("%s of %s: %w", name, p.Name, errNotYet)
				}
			}
		}
		return nil
	}, s.operator.process)
	s.lastPassesEnd(t)
}

// queued is the metric of profiles that are to be worked on.
var queued = regexp.MustCompile(`(?m)^workqueue_depth\{[^}]*name="fargatesecurityprofile"[^}]*\} [1-9]`)

// lastPassesEnd waits until the operator works on no profile, and none is to be worked on now.
func (s *suite) lastPassesEnd(t *testing.T) {
	t.Helper()
	token := (&life{suite: s}).scraper(t)
	until(t, "waiting for the end of the passes", func() error {
		_, body, err := s.operator.scrape(token)
		if err == nil && (queued.MatchString(body) || !strings.Contains(body, `controller_runtime_active_workers{controller="fargatesecurityprofile"} 0`)) {
			err = errNotYet
		}
		return err
	}, s.operator.process)
}
