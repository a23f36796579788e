// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

func TestCreatesAndThenWritesNothing(t *testing.T) {
	r := newRig(t)
	d := declaration("pay")
	r.waits(r.run(d, true), ReasonWaiting, "FargateProfile/pay")
	r.clock.Advance(minute)
	o := r.run(d, true)
	if o.State != "Active" || !o.Settled() || o.Origin != resource.Created || o.ARN == "" {
		t.Fatalf("object is %+v", o)
	}
	p := r.result.State.FargateProfile
	if p == nil || p.RoleARN != roleARN || p.Tags["team"] != "payments" || len(r.result.State.Subnets) != 2 {
		t.Errorf("recorded %+v, subnets %+v", p, r.result.State.Subnets)
	}
	r.sim.ResetCalls()
	r.run(d, true)
	r.prior, r.queue = map[resource.ID]resource.Prior{}, NewQueue(r.clock.Now) // a restart, with a status that was lost
	if o := r.run(d, true); len(r.writes()) != 0 || len(o.Drift)+len(o.Pending) != 0 {
		t.Errorf("wrote %v, drift %+v", r.writes(), o.Drift)
	}
}

func TestUsesItsRoleAndSubnets(t *testing.T) {
	r := newRig(t)
	r.active(declaration("pay"))
	o, err := Leftover(r.aws.EKS, r.queue, owner, "prod", "pay").Observe(ctx, nil)
	r.must(err)
	if !slices.Equal(o.Uses, []string{roleARN, "subnet-0a", "subnet-0b"}) || o.Gives[resource.ProfileRoleARN] != roleARN {
		t.Errorf("uses %v, gives %v", o.Uses, o.Gives)
	}
}

// Every field is changed the only way that AWS knows, by making the profile anew, and reported without any write.
func TestEveryFieldIsReported(t *testing.T) {
	for path, edit := range map[string]func(*eks.CreateFargateProfileInput){
		"selectors": func(in *eks.CreateFargateProfileInput) {
			in.Selectors = []types.FargateProfileSelector{{Namespace: aws.String("elsewhere")}}
		},
		"subnetIDs": func(in *eks.CreateFargateProfileInput) { in.Subnets = []string{"subnet-0a"} },
		"podExecutionRole": func(in *eks.CreateFargateProfileInput) {
			in.PodExecutionRoleArn = aws.String("arn:aws:iam::111122223333:role/other")
		},
	} {
		t.Run(path, func(t *testing.T) {
			r := newRig(t)
			d := declaration("pay")
			r.active(d)
			r.remake(d, edit)
			r.sim.ResetCalls()
			o := r.run(d, true)
			if !slices.Equal(paths(o.Drift), []string{path}) || o.Drift[0].Action != drift.RequiresReplacement {
				t.Errorf("drift is %+v", o.Drift)
			}
			if writes := r.writes(); len(writes) != 0 {
				t.Errorf("wrote %v", writes)
			}
		})
	}
}

// remake deletes and makes a profile with the same owner, edited.
func (r *rig) remake(d Desired, edit func(*eks.CreateFargateProfileInput)) {
	r.t.Helper()
	out, err := r.eks.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: &d.Name})
	r.must(err)
	_, err = r.eks.DeleteFargateProfile(ctx, &eks.DeleteFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: &d.Name})
	r.must(err)
	r.clock.Advance(minute)
	in := &eks.CreateFargateProfileInput{
		ClusterName: aws.String("prod"), FargateProfileName: &d.Name, PodExecutionRoleArn: aws.String(roleARN),
		Subnets: d.SubnetIDs, Selectors: selectorsOf(d.Selectors), Tags: out.FargateProfile.Tags,
	}
	edit(in)
	_, err = r.eks.CreateFargateProfile(ctx, in)
	r.must(err)
	r.clock.Advance(minute)
}

func TestTagsAreRepaired(t *testing.T) {
	r := newRig(t)
	d := declaration("pay")
	arn := r.active(d).ARN
	_, err := r.eks.TagResource(ctx, &eks.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"team": "other"}})
	r.must(err)
	if o := r.run(d, false); !slices.Equal(paths(o.Drift), []string{"tags[team]"}) {
		t.Fatalf("drift is %+v", o.Drift)
	}
	r.run(d, true)
	if o := r.run(d, true); len(o.Drift) != 0 {
		t.Errorf("drift is %+v", o.Drift)
	}
	res := Leftover(r.aws.EKS, r.queue, owner, "prod", "pay")
	r.must(res.Tag(ctx, &resource.Observation{ARN: arn}, nil, []string{"team"}))
	o, err := res.Observe(ctx, nil)
	r.must(err)
	if _, there := o.Tags["team"]; there {
		t.Errorf("tags are %v", o.Tags)
	}
}

func TestSubnetProblems(t *testing.T) {
	for reason, subnet := range map[string]string{
		ReasonSubnetNotFound: "subnet-0dead", ReasonSubnetPublic: "subnet-0c", ReasonSubnetOtherVPC: "subnet-0d",
	} {
		t.Run(reason, func(t *testing.T) {
			r := newRig(t)
			d := declaration("pay")
			d.SubnetIDs = append(d.SubnetIDs, subnet)
			o := r.run(d, true)
			if len(o.Problems) != 1 || o.Problems[0].Reason != reason {
				t.Fatalf("problems are %+v", o.Problems)
			}
			holds(t, o.Problems[0].Message, "FargateProfile/pay", subnet, "spec.fargateProfile.subnetIDs")
			if writes := r.writes(); len(writes) != 0 {
				t.Errorf("wrote %v", writes)
			}
		})
	}
}

// A subnet that turns public under a profile is a matter of posture, and stops nothing.
func TestSubnetThatTurnsPublicIsAWarning(t *testing.T) {
	r := newRig(t)
	d := declaration("pay")
	r.active(d)
	r.makePublic("subnet-0a")
	o := r.run(d, true)
	if len(o.Problems) != 0 || len(o.Warnings) != 1 || o.Warnings[0].Reason != ReasonSubnetPublic {
		t.Errorf("problems %+v, warnings %+v", o.Problems, o.Warnings)
	}
	if s := r.result.State.Subnets; len(s) != 2 || !s[0].Public || s[1].Public {
		t.Errorf("subnets are %+v", s)
	}
}

// makePublic gives a subnet a route table with the internet gateway of vpc-0a.
func (r *rig) makePublic(subnet string) {
	r.t.Helper()
	gateways, err := r.ec2.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{})
	r.must(err)
	table, err := r.ec2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: aws.String("vpc-0a")})
	r.must(err)
	id := table.RouteTable.RouteTableId
	_, err = r.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{
		RouteTableId: id, DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: gateways.InternetGateways[0].InternetGatewayId,
	})
	r.must(err)
	tables, err := r.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{})
	r.must(err)
	for _, have := range tables.RouteTables {
		for _, a := range have.Associations {
			if aws.ToString(a.SubnetId) == subnet {
				_, err = r.ec2.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: a.RouteTableAssociationId})
				r.must(err)
			}
		}
	}
	_, err = r.ec2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: id, SubnetId: &subnet})
	r.must(err)
}

func TestOverlapIsAWarningThatNamesTheWinner(t *testing.T) {
	r := newRig(t)
	first := declaration("alpha")
	r.active(first)
	d := declaration("pay")
	d.Selectors = first.Selectors
	o := r.run(d, true)
	if len(o.Problems) != 0 || len(o.Warnings) != 1 || o.Warnings[0].Reason != ReasonOverlap {
		t.Fatalf("problems %+v, warnings %+v", o.Problems, o.Warnings)
	}
	holds(t, o.Warnings[0].Message, "FargateProfile/pay", "alpha{app=x,tier=backend}", "runs on alpha")
	r.clock.Advance(minute)
	if o := r.run(first, true); len(o.Warnings) != 1 {
		t.Errorf("the other one is not warned: %+v", o)
	} else {
		holds(t, o.Warnings[0].Message, "FargateProfile/alpha", "of profile pay", "runs on alpha")
	}
}

// Others are read once, since they never change: later passes make one call for the list and one for the profile itself.
func TestOthersAreReadOnce(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"a", "b", "c", "d"} {
		r.active(declaration(name))
	}
	r.run(declaration("a"), true)
	r.sim.ResetCalls()
	r.run(declaration("a"), true)
	if n := r.calls("DescribeFargateProfile"); n != 1 || r.calls("ListFargateProfiles") != 2 { // two pages of two
		t.Errorf("%d describes, %d lists", n, r.calls("ListFargateProfiles"))
	}
	if n := len(r.result.State.OtherProfiles); n != 3 {
		t.Errorf("%d other profiles", n)
	}
}

// Three profiles of a cluster ask in the order b, a, c; they are made in that order, whoever comes back first, and EKS
// never has to refuse.
func TestCreationsQueueUp(t *testing.T) {
	r := newRig(t)
	a, b, c := declaration("a"), declaration("b"), declaration("c")
	r.run(b, true)
	r.waits(r.run(a, true), ReasonWaitingForTurn, "FargateProfile/a", "FargateProfile/b is first")
	r.waits(r.run(c, true), ReasonWaitingForTurn, "FargateProfile/b is first")
	r.clock.Advance(minute)
	r.waits(r.run(c, true), ReasonWaitingForTurn) // b's end was not seen yet, and a is before c
	r.run(b, true)
	r.waits(r.run(c, true), ReasonWaitingForTurn, "FargateProfile/a is first")
	r.waits(r.run(a, true), ReasonWaiting)
	r.clock.Advance(minute)
	r.run(a, true)
	r.waits(r.run(c, true), ReasonWaiting)
	if refused := r.refusals(); len(refused) != 0 || r.calls("CreateFargateProfile") != 3 {
		t.Errorf("EKS refused %v; %d creations", refused, r.calls("CreateFargateProfile"))
	}
}

// An operator that was restarted knows no queue, but sees what EKS is doing, whoever asked for it.
func TestARestartedOperatorWaitsToo(t *testing.T) {
	r := newRig(t)
	r.run(declaration("a"), true)
	r.queue = NewQueue(r.clock.Now)
	r.waits(r.run(declaration("b"), true), ReasonWaitingForTurn, "FargateProfile/a has status CREATING")
	if n := r.calls("CreateFargateProfile"); n != 1 {
		t.Errorf("%d creations", n)
	}
}

func TestDeletionsQueueUpWithCreations(t *testing.T) {
	r := newRig(t)
	a, b := declaration("a"), declaration("b")
	r.active(a)
	r.run(b, true)
	res := r.delete(a)
	if len(res.Leftovers) != 1 {
		t.Fatalf("left over: %+v", res.Leftovers)
	}
	r.waits(res.Leftovers[0], ReasonWaitingForTurn, "to delete", "FargateProfile/b is first")
	r.clock.Advance(minute)
	r.run(b, true)
	if res = r.delete(a); len(res.Leftovers) != 1 || res.Leftovers[0].State != "Deleting" {
		t.Fatalf("left over: %+v", res.Leftovers)
	}
	r.waits(r.run(declaration("c"), true), ReasonWaitingForTurn, "FargateProfile/a is first")
	r.clock.Advance(minute)
	if res = r.delete(a); len(res.Leftovers) != 0 {
		t.Fatalf("left over: %+v", res.Leftovers[0])
	}
	r.waits(r.run(declaration("c"), true), ReasonWaiting)
	if refused := r.refusals(); len(refused) != 0 {
		t.Errorf("EKS refused %v", refused)
	}
}

func TestMadeAgainAfterADeletion(t *testing.T) {
	r := newRig(t)
	d := declaration("pay")
	first := r.active(d).ARN
	r.delete(d)
	r.clock.Advance(minute)
	if left := r.delete(d).Leftovers; len(left) != 0 {
		t.Fatalf("left over: %+v", left[0])
	}
	if second := r.active(d).ARN; second == first {
		t.Error("the same profile came back")
	}
}

func TestLostAnswerOfACreation(t *testing.T) {
	r := newRig(t)
	d := declaration("pay")
	r.sim.FailAfter("eks:CreateFargateProfile", "ServerException", "lost", http.StatusInternalServerError, 1)
	if o := r.run(d, true); o.Failure == nil {
		t.Fatalf("object is %+v", o)
	}
	r.active(d)
	if n := r.calls("CreateFargateProfile"); n != 1 {
		t.Errorf("%d creations", n)
	}
}

func TestResourceInUseIsAWait(t *testing.T) {
	r := newRig(t)
	a, b := declaration("a"), declaration("b")
	r.sim.Fail("eks:CreateFargateProfile", codeInUse, "cluster prod currently has an update in progress", http.StatusConflict, 1)
	r.waits(r.run(a, true), ReasonWaitingForTurn, "FargateProfile/a", "cluster prod")
	r.waits(r.run(b, true), ReasonWaitingForTurn, "FargateProfile/a is first") // the place was kept
	r.active(a)
	r.queue = NewQueue(r.clock.Now)
	r.sim.Fail("eks:DeleteFargateProfile", codeInUse, "busy", http.StatusConflict, 1)
	r.waits(r.delete(a).Leftovers[0], ReasonWaitingForTurn, "cluster prod is busy")
}

func TestClusterUpdateIsWaitedFor(t *testing.T) {
	r := newRig(t)
	r.active(declaration("a"))
	r.must(r.sim.SetClusterStatus("prod", "UPDATING"))
	r.waits(r.run(declaration("b"), true), "WaitingForCluster", "EKSCluster/prod", "UPDATING")
	r.queue = NewQueue(r.clock.Now)
	r.waits(r.delete(declaration("a")).Leftovers[0], "WaitingForCluster", "EKSCluster/prod", "UPDATING")
	if r.calls("CreateFargateProfile") != 1 || r.calls("DeleteFargateProfile") != 0 {
		t.Errorf("wrote %v", r.writes())
	}
}

// EKS sees a new trust policy only after a while; that it does not is no fault until two minutes have passed.
func TestRolePropagation(t *testing.T) {
	r := newRig(t)
	r.touchRole(trust)
	d := declaration("pay")
	r.waits(r.run(d, true), ReasonWaitingForRole, "FargateProfile/pay", "IAMRole/pod-exec")
	r.waits(r.run(declaration("b"), true), ReasonWaitingForRole) // nobody waits behind it
	r.clock.Advance(minute)
	r.waits(r.run(d, true), ReasonWaiting)
}

func TestARoleThatIsReallyWrongIsReported(t *testing.T) {
	r := newRig(t)
	r.touchRole(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
	d := declaration("pay")
	r.waits(r.run(d, true), ReasonWaitingForRole)
	r.clock.Advance(roleWait - time.Second)
	r.waits(r.run(d, true), ReasonWaitingForRole)
	r.clock.Advance(time.Second)
	if o := r.run(d, true); o.Failure == nil {
		t.Fatalf("object is %+v", o)
	} else {
		holds(t, o.Failure.Message, roleMessage, codeInvalid, "FargateProfile/pay")
	}
}

func TestOtherInvalidParametersAreErrorsAtOnce(t *testing.T) {
	r := newRig(t)
	r.sim.Fail("eks:CreateFargateProfile", codeInvalid, "Fargate profile must have at least one selector", http.StatusBadRequest, 1)
	if o := r.run(declaration("pay"), true); o.Failure == nil {
		t.Fatalf("object is %+v", o)
	}
	r.waits(r.run(declaration("b"), true), ReasonWaiting) // nobody waits behind a failure
}

func (r *rig) touchRole(policy string) {
	r.t.Helper()
	_, err := r.aws.IAM.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("pod-exec"), PolicyDocument: &policy})
	r.must(err)
}

func TestCreateFailedIsAProblemWithAWSsReason(t *testing.T) {
	r := newRig(t)
	d := declaration("pay")
	r.must(r.sim.SetProfileOutcome("prod", "pay", "CREATE_FAILED"))
	r.run(d, true)
	r.clock.Advance(minute)
	o := r.run(d, true)
	if len(o.Problems) != 1 || o.Problems[0].Reason != ReasonCreateFailed || o.State != "CreateFailed" {
		t.Fatalf("object is %+v", o)
	}
	holds(t, o.Problems[0].Message, "FargateProfile/pay", "InternalFailure (Fargate profile could not be created)", "delete")
	r.waits(r.run(declaration("b"), true), ReasonWaiting) // it holds nobody up
}

func TestDeleteFailedIsAProblemWithAWSsReason(t *testing.T) {
	r := newRig(t)
	d := declaration("pay")
	r.active(d)
	r.must(r.sim.SetProfileHealth("prod", "pay", "DELETE_FAILED", "ClusterUnreachable",
		"assumed-role/eks/a-session cannot reach the API server (Request ID: 5f0b7a0e-1111-4222-8333-123456789012)"))
	o := r.run(d, true)
	if len(o.Problems) != 1 || o.Problems[0].Reason != ReasonDeleteFailed {
		t.Fatalf("object is %+v", o)
	}
	holds(t, o.Problems[0].Message, "ClusterUnreachable (assumed-role/eks/... cannot reach the API server)")
}

// A deletion that failed is over: the next one in the line goes on.
func TestAFailedDeletionEndsTheTurn(t *testing.T) {
	r := newRig(t)
	a := declaration("a")
	r.active(a)
	r.must(r.sim.SetProfileOutcome("prod", "a", "DELETE_FAILED"))
	r.delete(a)
	r.waits(r.run(declaration("b"), true), ReasonWaitingForTurn, "FargateProfile/a is first")
	r.clock.Advance(minute)
	o, err := Leftover(r.aws.EKS, r.queue, owner, "prod", "a").Observe(ctx, nil)
	r.must(err)
	if o.State != "DeleteFailed" {
		t.Fatalf("state is %s", o.State)
	}
	r.waits(r.run(declaration("b"), true), ReasonWaiting)
}

// A profile that was made anew under its name has other selectors; the old ones are forgotten with the name.
func TestOthersAreForgottenWhenTheyVanish(t *testing.T) {
	r := newRig(t)
	a, b := declaration("a"), declaration("b")
	a.Selectors = b.Selectors
	r.active(a)
	if o := r.active(b); len(o.Warnings) != 1 {
		t.Fatalf("warnings are %+v", o.Warnings)
	}
	r.delete(a)
	r.clock.Advance(minute)
	r.delete(a)
	if o := r.run(b, true); len(o.Warnings) != 0 {
		t.Fatalf("warnings are %+v", o.Warnings)
	}
	r.active(declaration("a"))
	if o := r.run(b, true); len(o.Warnings) != 0 {
		t.Errorf("warnings are %+v", o.Warnings)
	}
}

func TestRouteTables(t *testing.T) {
	routes := routing{public: map[string]bool{}, explicit: map[string]string{}, main: map[string]string{}}
	toInternet := []ec2types.Route{{GatewayId: aws.String("local")}, {GatewayId: aws.String("igw-1")}}
	routes.add(ec2types.RouteTable{
		RouteTableId: aws.String("rtb-main"), VpcId: aws.String("vpc-1"), Routes: toInternet,
		Associations: []ec2types.RouteTableAssociation{{Main: aws.Bool(true)}},
	})
	routes.add(ec2types.RouteTable{
		RouteTableId: aws.String("rtb-nat"), VpcId: aws.String("vpc-1"), Routes: []ec2types.Route{{NatGatewayId: aws.String("nat-1")}},
		Associations: []ec2types.RouteTableAssociation{{SubnetId: aws.String("subnet-private")}},
	})
	routes.add(ec2types.RouteTable{
		RouteTableId: aws.String("rtb-igw"), VpcId: aws.String("vpc-2"), Routes: toInternet,
		Associations: []ec2types.RouteTableAssociation{{SubnetId: aws.String("subnet-public")}},
	})
	for subnet, want := range map[[2]string]bool{
		{"subnet-private", "vpc-1"}: false, {"subnet-of-main", "vpc-1"}: true,
		{"subnet-public", "vpc-2"}: true, {"subnet-of-no-table", "vpc-2"}: false,
	} {
		if got := routes.isPublic(subnet[0], subnet[1]); got != want {
			t.Errorf("%v: public is %v", subnet, got)
		}
	}
}

func TestGoneIsGone(t *testing.T) {
	r := newRig(t)
	d := declaration("pay")
	r.active(d)
	left := Leftover(r.aws.EKS, r.queue, owner, "prod", "pay")
	o, err := left.Observe(ctx, nil)
	r.must(err)
	_, err = r.eks.DeleteFargateProfile(ctx, &eks.DeleteFargateProfileInput{ClusterName: aws.String("prod"), FargateProfileName: aws.String("pay")})
	r.must(err)
	r.clock.Advance(minute)
	r.must(left.Delete(ctx, o)) // deleted by somebody else since it was observed
	gone := Leftover(r.aws.EKS, r.queue, owner, "nowhere", "pay")
	none, err := gone.Observe(ctx, nil)
	r.must(err)
	if none.Exists {
		t.Errorf("observation is %+v", none)
	}
	r.must(gone.Delete(ctx, o)) // gone with its cluster
}

// TestLeftoverInAnotherCluster: a declaration that was deleted without touching AWS, and made anew for another cluster,
// leaves a profile of the same name in the first one.
func TestLeftoverInAnotherCluster(t *testing.T) {
	r := newRig(t)
	r.active(declaration("pay"))
	left := Leftover(r.aws.EKS, r.queue, owner, "stage", "prod/pay")
	if got := left.ID().Name; got != "prod/pay" {
		t.Errorf("it has the name %q, like the declared one", got)
	}
	o, err := left.Observe(ctx, nil)
	r.must(err)
	if !o.Exists {
		t.Fatal("it is not found in its own cluster")
	}
	r.must(left.Delete(ctx, o))
	if r.calls("DeleteFargateProfile") != 1 {
		t.Error("it is not deleted")
	}
}

func TestAProfileThatIsBeingMadeIsNotDeletedYet(t *testing.T) {
	r := newRig(t)
	r.run(declaration("pay"), true)
	left := Leftover(r.aws.EKS, r.queue, owner, "prod", "pay")
	o, err := left.Observe(ctx, nil)
	r.must(err)
	var waiting *resource.Waiting
	if err := left.Delete(ctx, o); !asWaiting(err, &waiting) || r.calls("DeleteFargateProfile") != 0 {
		t.Errorf("error is %v", err)
	}
}

func TestUnknownClusterIsNoErrorHere(t *testing.T) {
	r := newRig(t)
	d := declaration("pay")
	d.ClusterName = "nowhere"
	o, err := New(r.aws.EKS, r.aws.EC2, r.queue, owner, d, resource.Prior{}).Observe(ctx, resource.Values{})
	r.must(err)
	var s observed.State
	o.Record(&s)
	if o.Exists || len(o.Problems) != 0 || s.FargateProfile != nil {
		t.Errorf("observation is %+v", o)
	}
}

func TestClusterKeyIsTheSameFromEverySide(t *testing.T) {
	const arn = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
	const profile = "arn:aws:eks:eu-west-1:111122223333:fargateprofile/prod/pay/123"
	values := resource.Values{{From: cluster, Value: resource.ARN}: arn}
	declared := New(nil, nil, nil, "", declaration("pay"), resource.Prior{})
	remembered := New(nil, nil, nil, "", declaration("pay"), resource.Prior{ARN: profile})
	for name, got := range map[string]string{
		"cluster's ARN": declared.clusterKey("", values),
		"own ARN":       declared.clusterKey(profile, nil),
		"status":        remembered.clusterKey("", nil),
		"leftover":      Leftover(nil, nil, "", "prod", "pay").clusterKey(profile, nil),
	} {
		if got != arn {
			t.Errorf("by %s: %s", name, got)
		}
	}
}
