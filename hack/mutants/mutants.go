// SPDX-License-Identifier: Apache-2.0

package main

// edit replaces a snippet that stands exactly once in a file.
type edit struct{ file, old, new string }

// mutant is one deliberate bug.
type mutant struct {
	name string
	// invariant is the number of the invariant that it breaks (docs/reliability.md), 0 for a rule of the engine that
	// belongs to none of them alone.
	invariant int
	edits     []edit
	// pkg is the package of the test that must fail, test its name, which may be that of a subtest.
	pkg, test string
}

// Where the bugs are put, and where the tests are.
const (
	engine     = "internal/resource/engine.go"
	acting     = "internal/resource/act.go"
	changing   = "internal/resource/change.go"
	making     = "internal/resource/once.go"
	ownership  = "internal/resource/ownership.go"
	remove     = "internal/resource/remove.go"
	reconciler = "controllers/fargatesecurityprofile_controller.go"
	intent     = "controllers/intent.go"

	unit        = "internal/resource"
	groups      = "internal/resources/securitygroup"
	profiles    = "internal/resources/fargateprofile"
	roles       = "internal/resources/iamrole"
	keys        = "internal/resources/kmskey"
	awsapi      = "internal/awsapi"
	controllers = "controllers"
	upgrades    = "test/upgrades"
)

// mutants are in the order of the invariants.
var mutants = []mutant{
	// 1. A pass can be cut off after any call, or lose any answer: no second object, no orphan.
	{"orphan key is not looked for", 1, []edit{{keys + "/observe.go",
		`meta, err = r.orphan(ctx)`,
		`meta, err = nil, nil`}},
		keys, "TestAKeyThatWasNotFinishedIsFoundAgain"},
	{"SDK repeats CreateKey by itself", 1, []edit{{keys + "/apply.go",
		`o.RetryMaxAttempts = 1 }`, `_ = o }`}},
		keys, "TestCreateKeyIsNotRepeatedByTheSDK"},
	{"owner tag is not part of the creation", 1, []edit{{making,
		`it.res.Create(ctx, p.values, p.opts.newTags())`,
		`it.res.Create(ctx, p.values, p.opts.Tags)`}},
		unit, "TestCreatesInOrderAndFallsSilent"},
	{"created again while AWS does not show it yet", 1, []edit{{acting,
		`	if it.created {
		it.object.Waiting`,
		`	if it.created && false {
		it.object.Waiting`}},
		unit, "TestNoSecondCreationWhileAWSDoesNotShowTheFirst"},
	{"key is made again while AWS may not show the first", 1, []edit{{making,
		`if !p.opts.now().Before(until) {`,
		`if p.opts.now().Before(until) {`}},
		unit, "TestAKeyIsNotMadeAgainWhileItMayNotBeShown"},
	{"key is made before status says so", 1, []edit{{making,
		`if p.opts.Begin == nil || it.begun {`,
		`if true {`}},
		unit, "TestAKeyIsNotMadeBeforeStatusSaysSo"},
	{"key that may exist is let go", 1, []edit{{remove,
		`if unshown := p.unshown(it); unshown != nil {`,
		`if unshown := p.unshown(it); false {`}},
		unit, "TestAKeyThatMayExistKeepsTheProfile"},
	{"deletion counts as done before AWS says gone", 1, []edit{{remove,
		`if it.stopped || p.present(it) {`,
		`if it.stopped {`}},
		unit, "TestDeletionLastsUntilTheObjectIsGone"},
	{"finalizer is dropped before AWS says gone", 1, []edit{{reconciler,
		`	case len(result.Leftovers) == 0 && len(strangers(profile.Status.Resources)) == 0:`,
		`	case err == nil:`}},
		controllers, "TestFinalizerStaysUntilAWSSaysGone"},
	{"finalizer is never set", 1, []edit{{intent,
		`	if err := addFinalizer(ctx, r.Client, profile); err != nil {`,
		`	if err := error(nil); err != nil {`}},
		controllers, "TestFinalizerStaysUntilAWSSaysGone"},
	{"tag keys are not written down before they are set", 1, []edit{{intent,
		`	return patchStatus(ctx, r.Client, profile, before, func() {})
}

// recordIntent`,
		`	return nil
}

// recordIntent`}},
		controllers, "TestATagThatLeavesDuringItsFirstPassGoes"},
	{"owner tags are not searched after a lost status", 1, []edit{{"controllers/leftovers.go",
		`if !sweep {`,
		`if true {`}},
		controllers, "TestOwnerTagsLeadBackAfterALostStatus"},

	// 2. In Observe and Suspend no write call reaches AWS.
	{"engine acts in Observe", 2, []edit{{engine,
		`	if opts.Enforce {
		p.act(ctx)`,
		`	if true {
		p.act(ctx)`}},
		unit, "TestObserveWritesNothingAndReportsAll"},
	{"leftovers are removed in Observe", 2, []edit{{remove,
		`case !p.opts.Enforce:`,
		`case false:`}},
		unit, "TestPruneInObserveIsOnlyReported"},
	{"resource writes while it reads", 2, []edit{{groups + "/observe.go",
		`r.observation(o, group, r.arn(found, v))`,
		`r.observation(o, group, r.arn(found, v))
		if r.desired != nil {
			_ = r.repair(ctx, detailOf(o), v)
		}`}},
		groups, "TestEveryFieldIsReportedAndRepaired"},
	{"AWS is read in Suspend", 2, []edit{{reconciler,
		`case profile.Spec.Mode == v1alpha1.ModeSuspend:`,
		`case false:`}},
		controllers, "TestSuspendTouchesNothing"},
	{"deletion in Observe deletes in AWS", 2, []edit{{reconciler,
		`	if !r.enforces(profile) {
		r.Recorder`,
		`	if false {
		r.Recorder`}},
		controllers, "TestDeletionInObserveWritesNothing"},
	{"--observe-only is ignored", 2, []edit{{reconciler,
		`return !r.ObserveOnly && `,
		`return `}},
		controllers, "TestObserveOnlyOperatorWritesNothing"},

	// 3. What is not ours is never changed or deleted, unless adopted; what is adopted is never deleted.
	{"another owner's object counts as ours", 3, []edit{{ownership,
		`case tag != "":
		return foreign`,
		`case tag != "":
		return ours`}},
		unit, "TestSomeoneElsesObjectIsNeverTouched"},
	{"status counts more than another owner's tag", 3, []edit{{ownership,
		`case tag != "":
		return foreign`,
		`case tag != "" && !remembered(prior):
		return foreign`}},
		unit, "TestAnotherOwnersTagWinsOverStatus"},
	{"objects are adopted without being asked", 3, []edit{{engine,
		`own == adoptable && p.opts.Enforce && !p.opts.Adopt`,
		`false`}, {acting,
		`if !p.opts.Adopt || p.heldBack(it) {`,
		`if p.heldBack(it) {`}},
		unit, "TestSomeoneElsesObjectIsNeverTouched"},
	{"adopted objects are deleted", 3, []edit{{ownership,
		`return o.Tags[OwnerTag] == owner && originOf(o, prior) == Created`,
		`return o.Tags[OwnerTag] == owner`}},
		unit, "TestAdoptionTagsFirstAndNeverDeletes"},
	{"without an origin, an object counts as created", 3, []edit{{ownership,
		`	default:
		return Adopted
	}`,
		`	default:
		return Created
	}`}},
		unit, "TestDeleteWithoutOriginTagOrStatusReleases"},
	{"leftovers without owner tag are pruned", 3, []edit{{remove,
		`!gone(it.res, it.obs) && it.obs.Tags[OwnerTag] == p.opts.Owner`,
		`!gone(it.res, it.obs)`}},
		unit, "TestPruneLeavesWhatIsNotOurs"},
	{"object is changed before its owner tag is back", 3, []edit{{acting,
		`	owner, declared := splitTags(p.tagDifferences(it))
	if len(owner) > 0 {
		return p.tagging(it, owner)
	}`,
		`	declared := p.tagDifferences(it)`}},
		unit, "TestStrippedOwnerTagIsDriftAndPutBackFirst"},
	{"referenced objects are written", 3, []edit{{ownership,
		`if r, ok := res.(Referencer); ok && r.Referenced() {
		return referenced`,
		`if r, ok := res.(Referencer); ok && r.Referenced() && !o.Exists {
		return referenced`}},
		unit, "TestReferencedObjectsAreOnlyRead"},
	{"Retain deletes", 3, []edit{{remove,
		`if p.opts.Retain || it.obs`,
		`if it.obs`}},
		unit, "TestDeleteGoesBackwardsAndRetainReleases"},
	{"key is deleted while it is in use", 3, []edit{{keys + "/delete.go",
		`if !pending(d.key.State) {
		if err := r.inUse`,
		`if false {
		if err := r.inUse`}},
		keys, "TestDeleteWaitsForUsers"},

	// 4. A rule that is declared and was in force is in force at every moment of a repair.
	{"rules are revoked before others are authorised", 4, []edit{{groups + "/apply.go",
		`d.revoking(resource.Remove, rules...)`,
		`d.revoking(resource.Forbidden, rules...)`}},
		groups, "TestDeclaredRulesStayInForce"},
	{"description is changed by making the rule anew", 4, []edit{{groups + "/apply.go",
		`_, err := d.r.ec2.ModifySecurityGroupRules(ctx, &ec2.ModifySecurityGroupRulesInput{GroupId: &d.groupID, SecurityGroupRules: updates})`,
		`var ids []string
	var anew []observed.Rule
	for _, rule := range rules {
		ids, anew = append(ids, rule.ID), append(anew, rule.Rule)
	}
	err := d.r.revoke(ctx, d.groupID, d.egress, ids)
	if err == nil && updates != nil {
		err = d.add(ctx, anew)
	}`}},
		groups, "TestDeclaredRulesStayInForce"},
	{"rule that may be the declared one is revoked", 4, []edit{{groups + "/apply.go",
		`!rule.remove || rule.waitsFor != "" || rule.first != first`,
		`!rule.remove || rule.first != first`}},
		groups, "TestRuleThatMayBeTheDeclaredOneIsKept"},
	{"policies are detached before others are attached", 4, []edit{{roles + "/apply.go",
		`Paths: []string{managedPath(policy.ARN)}, Order: resource.Remove,`,
		`Paths: []string{managedPath(policy.ARN)}, Order: resource.Forbidden,`}},
		roles, "TestGrantsComeBeforeRevocations"},

	// 5. While a profile is being replaced, some ACTIVE profile matches its selectors.
	{"replacement is tried as a repair", 5, []edit{{changing,
		`if d.Action == drift.Repair && d.WaitsFor == "" {`,
		`if d.Action != drift.ReportOnly && d.WaitsFor == "" {`}},
		unit, "TestReplacementIsReportedAndNotTried"},
	{"what is used is pruned", 5, []edit{{remove,
		`case user != "":`,
		`case user != "" && false:`}},
		unit, "TestPruneWaitsForUsersAndRemovesOnlyOurs"},
	{"pruned before everything declared is in place", 5, []edit{{remove,
		`case !settled:`,
		`case !settled && false:`}},
		unit, "TestPruneWaitsUntilEverythingDeclaredIsInPlace"},

	// 6. Same spec, same AWS: no write to AWS or Kubernetes, whatever spelling AWS gives back.
	{"trust policy is compared as text", 6, []edit{{roles + "/diff.go",
		`canonical.PolicyEqual(d.TrustPolicy, role.TrustPolicy)`,
		`canonical.Hash(d.TrustPolicy) == canonical.Hash(role.TrustPolicy)`}},
		roles, "TestDiffIsEmptyForEverySpelling"},
	{"inline policies are compared as text", 6, []edit{{roles + "/diff.go",
		`return there && canonical.PolicyEqual(d.InlinePolicies[name], doc)`,
		`return there && d.InlinePolicies[name] == doc`}},
		roles, "TestDiffIsEmptyForEverySpelling"},
	{"status is sent although nothing changed", 6, []edit{{reconciler,
		`if equality.Semantic.DeepEqual(before.Status, *status) {`,
		`if equality.Semantic.DeepEqual(before.Status, *status) && false {`}},
		controllers, "TestAnUnchangedPassSendsNoWrite"},
	{"time of a transition moves without one", 6, []edit{{"internal/conditions/conditions.go",
		`	meta.SetStatusCondition(list, metav1.Condition{`,
		`	meta.RemoveStatusCondition(list, kind)
	meta.SetStatusCondition(list, metav1.Condition{`}},
		"internal/conditions", "TestNothingMovesWhenNothingChanged"},
	{"drift is new in every pass", 6, []edit{{"internal/drift/book.go",
		`e.FirstObserved = k.FirstObserved`,
		`e.FirstObserved = now`}},
		"internal/drift", "TestMergeKeepsSinceAndSortsWorstFirst"},

	// 7. At most one profile operation or cluster update in flight per EKS cluster, from us.
	{"profile left in another cluster is not found", 1, []edit{{profiles + "/resource.go",
		`elsewhere {
		clusterName, name = cluster, profile`,
		`elsewhere {
		name = profile
		_ = cluster`}},
		profiles, "TestLeftoverInAnotherCluster"},
	{"queue of the cluster is ignored", 7, []edit{{profiles + "/apply.go",
		`r.queue.Join(cluster, r.name, r.owner, operation, r.wake); first != "" {`,
		`r.queue.Join(cluster, r.name, r.owner, operation, r.wake); first == "nobody" {`}},
		profiles, "TestCreationsQueueUp"},
	{"what AWS is doing is ignored", 7, []edit{{profiles + "/apply.go",
		`if changing(p.Status) {`,
		`if changing(p.Status) && false {`}},
		profiles, "TestARestartedOperatorWaitsToo"},
	{"cluster update is ignored", 7, []edit{{profiles + "/apply.go",
		`ekscluster.Usable(r.cluster, status); busy != nil {`,
		`ekscluster.Usable(r.cluster, status); busy != nil && false {`}},
		profiles, "TestClusterUpdateIsWaitedFor"},
	{"turn ends before the operation does", 7, []edit{{profiles + "/queue.go",
		`if !changing && (started || wanted) {`,
		`if started || wanted {`}},
		profiles, "TestTheTurnLastsUntilTheOperationIsOver"},

	// 8. Guardrails hold for every path, adoption and edits included.
	{"declared ingress is not held against the guardrail", 8, []edit{{groups + "/problems.go",
		`out := r.guardProblems(ingress)`,
		`out := r.guardProblems(nil)`}},
		groups, "TestProblems"},
	{"unlisted ingress is not held against the guardrail", 8, []edit{{groups + "/diff.go",
		`first := forbidden[canonical.RuleKey(rule.Rule)]`,
		`first := forbidden[rule.ID]`}},
		groups, "TestGuardrailIsNotEvadedByHalves"},
	{"halves of the internet pass", 8, []edit{{"internal/guardrails/ingress.go",
		`return append(violations, together(rest, forbidden)...)`,
		`return violations`}, {"internal/guardrails/ingress.go",
		`var rest []source`,
		`_, rest := together, []source{}`}},
		"internal/guardrails", "TestForbiddenIngress"},
	{"account without guardrails has no default ones", 8, []edit{{"controllers/accounts.go",
		`return guardrails.Guardrails{ForbiddenIngressCIDRs: defaultForbiddenCIDRs}`,
		`return guardrails.Guardrails{ForbiddenIngressCIDRs: defaultForbiddenCIDRs[:0]}`}},
		controllers, "TestDefaultGuardrailIsInTheFirstStatus"},
	{"declared policies are not held against the guardrail", 8, []edit{{roles + "/observe.go",
		`o.Problems = append(o.Problems, guardProblems(r.ID(), *r.desired)...)`,
		`_ = guardProblems`}},
		roles, "TestProblems"},
	{"unlisted policies are not held against the guardrail", 8, []edit{{roles + "/diff.go",
		`return d.RemoveUnlisted || !d.Guard.PolicyAllowed(arn)`,
		`return d.RemoveUnlisted || arn == ""`}},
		roles, "TestDiffShowsOneDifferencePerChange"},
	{"existing role is not held against the guardrail", 8, []edit{{roles + "/existing.go",
		`if !r.guard.PolicyAllowed(policy.ARN) {`,
		`if policy.ARN == "" {`}},
		roles, "TestExisting"},
	{"guardrail's boundary is put on no role", 8, []edit{{roles + "/resource.go",
		`return cmp.Or(d.PermissionsBoundaryARN, d.Guard.PermissionsBoundaryARN)`,
		`return cmp.Or(d.PermissionsBoundaryARN, "")`}},
		roles, "TestBoundaryIsDroppedLastAndOnlyWhenNobodyWantsIt"},
	{"namespace may use any account", 8, []edit{{"controllers/accounts.go",
		`if selector.Matches(labels.Set(ns.Labels)) {`,
		`if selector.Matches(labels.Set(ns.Labels)) || true {`}},
		controllers, "TestRefusedNamespaceReachesNoAWS"},
	{"credentials of another account are taken", 8, []edit{{awsapi + "/session.go",
		`got != cfg.AccountID {`,
		`got == "" {`}},
		awsapi, "TestSessionOfAnotherAccountIsRefused"},

	// 9. Status never shows secrets, tokens or request ids, and its text is the same for the same state.
	{"request ids reach status", 9, []edit{{awsapi + "/errors.go",
		`message = requestID.ReplaceAllString(message, "")`,
		``}},
		awsapi, "TestSanitizeShowsNothingThatChangesOrIsSecret"},
	{"encoded authorization messages reach status", 9, []edit{{awsapi + "/errors.go",
		`message = encodedMessage.ReplaceAllString(message, "")`,
		``}},
		awsapi, "TestSanitizeShowsNothingThatChangesOrIsSecret"},
	{"session names reach status", 9, []edit{{awsapi + "/errors.go",
		`message = sessionSuffix.ReplaceAllString(message, "$1/...")`,
		``}},
		awsapi, "TestSanitizeShowsNothingThatChangesOrIsSecret"},
	{"message of AWS is shown as it came", 9, []edit{{awsapi + "/errors.go",
		`said := Sanitize(api.ErrorMessage())`,
		`said := api.ErrorMessage()`}},
		awsapi, "TestClassify"},
	{"message holds the time", 9, []edit{{"controllers/verdict.go",
		`Message: "everything is as declared"}`,
		`Message: "everything is as declared at " + time.Now().String()}`}, {"controllers/verdict.go",
		`import (
	"fmt"`,
		`import (
	"fmt"
	"time"`}},
		controllers, "TestAnUnchangedPassSendsNoWrite"},
	{"Reconciling and Stalled together", 9, []edit{{"internal/conditions/conditions.go",
		`v.Reconciling && !v.Stalled, v)`,
		`v.Reconciling, v)`}},
		"internal/conditions", "TestVerdictFollowsKstatus"},

	// 10. The published IAM policy is exactly what the code can call.
	{"published policy lacks a service", 10, []edit{{awsapi + "/logs.go",
		`Sid:      "ManageLogGroups",`,
		`Sid: "ManageLogGroups", Action: []string{"logs:TagResource"},`}},
		awsapi, "TestPolicyIsExactlyTheActions"},
	{"published policy lacks iam:PassRole", 10, []edit{{awsapi + "/iam.go",
		`implied: []string{passRole, createServiceLinkedRole},`,
		`implied: []string{createServiceLinkedRole},`}},
		awsapi, "TestActionsCoverEveryService"},
	{"published policy allows kms:Decrypt", 10, []edit{{awsapi + "/kms.go",
		`prefix:       "kms",`,
		`prefix: "kms", implied: []string{"kms:Decrypt"},`}},
		awsapi, "TestEveryActionIsCalled"},
	{"published policy allows what nothing calls", 10, []edit{{awsapi + "/eks.go",
		`	ListNodegroups(context.Context, `,
		`	DeleteCluster(context.Context, *eks.DeleteClusterInput, ...func(*eks.Options)) (*eks.DeleteClusterOutput, error)
	ListNodegroups(context.Context, `}},
		awsapi, "TestEveryActionIsCalled"},

	// Rules of the engine.
	{"creations go on in spite of problems", 0, []edit{{acting,
		`return p.blocked && (!remembered(it.prior) || begunOnly(it.prior))`,
		`return false`}},
		unit, "TestProblemStopsCreationsButNotRepairs"},
	{"repairs stop at somebody else's problem", 0, []edit{{acting,
		`	if len(owner) > 0 {
		return p.tagging(it, owner)
	}`,
		`	if p.blocked {
		return nil
	}
	if len(owner) > 0 {
		return p.tagging(it, owner)
	}`}},
		unit, "TestProblemStopsCreationsButNotRepairs"},
	{"edit of the spec counts as drift", 0, []edit{{engine,
		`return it.prior.Hash != "" && it.prior.Hash == p.declaration(it)`,
		`return it.prior.Hash != ""`}},
		unit, "TestEditOfTheSpecIsNoDrift"},
	{"drift counts as an edit of the spec", 0, []edit{{engine,
		`return it.prior.Hash != "" && it.prior.Hash == p.declaration(it)`,
		`return false`}},
		unit, "TestRepairsDriftAndSaysSo"},
	{"object is written while AWS works on it", 0, []edit{{acting,
		`	case it.obs.Busy != nil:
		return nil
	case it.own == unowned:`,
		`	case it.own == unowned:`}},
		unit, "TestBusyObjectIsWaitedFor"},
	{"deletion goes forwards", 0, []edit{{remove,
		`range slices.Backward(p.items) {`,
		`range p.items {`}},
		unit, "TestDeleteGoesBackwardsAndRetainReleases"},
	{"what cannot be read is forgotten", 0, []edit{{engine,
		`		obj.ARN, obj.Origin, obj.Hash, obj.Began = it.prior.ARN, it.prior.Origin, it.prior.Hash, it.prior.Began
		return`,
		`		return`}},
		unit, "TestUnreadObjectKeepsWhatIsKnown"},
	{"what cannot be read makes others drift", 0, []edit{{"internal/resource/unread.go",
		`case it.object.Judged(d.Path) && p.unread(d.WaitsFor):`,
		`case false:`}},
		unit, "TestFieldFromWhatCannotBeReadIsNotJudged"},
	{"renewed credentials are not taken up", 0, []edit{{awsapi + "/credentials.go",
		`s.forget(cfg)`,
		`s.forget(Config{})`}},
		awsapi, "TestRefusedCredentialsAreReadAgain"},
	{"profile that may not write keeps its place in the line", 0, []edit{{profiles + "/queue.go",
		`return t.owner == owner })`,
		`return false })`}},
		controllers, "TestAProfileThatMayNotWriteLeavesTheLine"},
	{"profile that is being deleted keeps its place in the line", 0, []edit{{profiles + "/queue.go",
		`return t.owner == owner && t.operation == Create`,
		`return false && t.operation == Create`}},
		controllers, "TestADeletionThatTakesLongLeavesTheLine"},
	{"running creation loses its turn", 7, []edit{{profiles + "/queue.go",
		` && t.operation == Create && t.started.IsZero() })`,
		` && t.operation == Create })`}},
		profiles, "TestCancelCreations"},
	{"owner that leaves takes the places of others along", 7, []edit{{profiles + "/queue.go",
		`return t.owner == owner })`,
		`return true })`}},
		profiles, "TestLeaveOf"},
	{"declared object is pruned under another name", 0, []edit{{remove,
		`if !p.present(it) || p.isDeclared(it) {`,
		`if !p.present(it) {`}},
		unit, "TestDeclaredObjectFoundByItsTagIsNotALeftover"},
	{"tags of others are taken off", 0, []edit{{ownership,
		`range slices.Sorted(slices.Values(former)) {`,
		`range slices.Sorted(maps.Keys(observed)) {`}},
		unit, "TestTagThatLeftTheSpecIsTakenOff"},

	// Upgrades and rollbacks.
	{"finalizer is written with the whole object", 0, []edit{{"controllers/write.go",
		`return c.Patch(ctx, obj, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))`,
		`_ = before
	return c.Update(ctx, obj)`}},
		upgrades, "TestFieldsOfANewerVersionSurvive"},
	{"words of a newer version go back into status", 0, []edit{{reconciler,
		`	speakable(&profile.Status)
`, ``}},
		upgrades, "TestStatusOfANewerVersionIsWorkedWith"},
	{"objects of an unknown kind leave status", 0, []edit{{"controllers/status.go",
		`append(resourceStatuses(result), strangers(status.Resources)...)`,
		`resourceStatuses(result)`}},
		upgrades, "TestStatusOfANewerVersionIsWorkedWith"},
	{"objects of an unknown kind are left behind", 0, []edit{{reconciler,
		`case len(result.Leftovers) == 0 && len(strangers(profile.Status.Resources)) == 0:`,
		`case len(result.Leftovers) == 0:`}},
		upgrades, "TestAnObjectOfAnUnknownKindHoldsTheDeletion"},
	{"unknown mode enforces", 0, []edit{{reconciler,
		`profile.Spec.Mode == v1alpha1.ModeEnforce`,
		`profile.Spec.Mode != v1alpha1.ModeObserve`}},
		upgrades, "TestWordsOfANewerVersionInTheSpec/mode"},
	{"unknown deletion policy deletes", 0, []edit{{reconciler,
		`spec.DeletionPolicy != v1alpha1.DeletionPolicyDelete`,
		`spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain`}},
		upgrades, "TestWordsOfANewerVersionInTheSpec/deletionPolicy"},
	{"unknown policy removes what is not listed", 0, []edit{{"controllers/newer.go",
		`return policy == v1alpha1.UnlistedRemove || policy == ""`,
		`return policy != v1alpha1.UnlistedReport`}},
		upgrades, "TestWordsOfANewerVersionInTheSpec/unlistedRules"},
	{"hashes of an older version are not known again", 0, []edit{{engine,
		`canonical.Hash([]any{hash, p.opts.Tags})`,
		`canonical.Hash([]any{hash, p.opts.Tags, "v2"})`}},
		upgrades, "TestObjectsOfOlderVersions/v0.1"},
	{"objects of an older version get another name", 0, []edit{{"controllers/stack.go",
		`name := s.profile.Spec.ClusterName + "-" + s.profile.ProfileName() + "-fargate"`,
		`name := s.profile.Spec.ClusterName + "-" + s.profile.ProfileName() + "-pods"`}},
		upgrades, "TestObjectsOfOlderVersions/v0.1"},
}
