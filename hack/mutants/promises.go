// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, promiseMutants...) }

// promiseMutants are small wrong changes: of a promise that api/v1alpha1 makes of status, or of a rule that one test alone
// holds.
var promiseMutants = []mutant{
	// Ownership, pruning and deletion.
	{"another owner whose name begins with ours counts as ours", 3, []edit{{ownership, `case tag == owner:`, `case strings.HasPrefix(tag, owner):`}},
		unit, "TestOwnersAreComparedWhole"},
	{"another owner's object is taken down when its name begins with ours", 3, []edit{{remove, `it.obs.Tags[OwnerTag] == p.opts.Owner &&`,
		`strings.HasPrefix(it.obs.Tags[OwnerTag], p.opts.Owner) &&`}, {remove, `	"slices"
`, `	"slices"
	"strings"
`}},
		unit, "TestOwnersAreComparedWhole"},
	{"tag Created wins over an adoption that status remembers", 3, []edit{{ownership, `	case prior.Origin == Adopted:
		return Adopted
	case o.Tags[OriginTag] == string(Created), prior`, `	case o.Tags[OriginTag] == string(Created), prior`}},
		unit, "TestWhereAnOriginComesFrom"},
	{"status of another object makes this one Created", 3, []edit{{ownership, `prior.Origin == Created && prior.ARN == o.ARN:
		return Created`, `prior.Origin == Created:
		return Created`}},
		unit, "TestWhereAnOriginComesFrom"},
	{"object that was made anew by somebody else is ours by its name", 3, []edit{{ownership, `case remembered(prior) && prior.ARN == o.ARN:`, `case remembered(prior):`}},
		unit, "TestWhatStatusRemembersAsOurs"},
	{"what was only referenced is remembered as ours", 3, []edit{{ownership, `return prior.Origin == Created || prior.Origin == Adopted`, `return prior.Origin != ""`}},
		unit, "TestWhatStatusRemembersAsOurs"},
	{"adopted object without owner tag is forgotten", 3, []edit{{ownership, `return prior.Origin == Created || prior.Origin == Adopted`, `return prior.Origin == Created`}},
		unit, "TestWhatStatusRemembersAsOurs"},
	{"tag without a value is not missed", 0, []edit{{ownership, `if have, ok := observed[key]; !ok || have != desired[key] {`, `if have := observed[key]; have != desired[key] {`}},
		unit, "TestATagWithoutAValueIsATag"},
	{"lost owner tag is as bad as any tag", 0, []edit{{ownership, `d.Severity, d.Reason = drift.Medium, "OwnerTagChanged"`, `d.Reason = "OwnerTagChanged"`}},
		unit, "TestHowBadATagIs"},
	{"pruning deletes under Retain", 3, []edit{{remove, `	uses := p.uses()
	settled`, `	p.opts.Retain = false
	uses := p.uses()
	settled`}},
		unit, "TestPruneUnderRetainReleases"},
	{"release leaves the origin tag", 0, []edit{{remove, `keys := []string{OwnerTag, OriginTag}`, `keys := []string{OwnerTag}`}},
		unit, "TestPruneUnderRetainReleases"},
	{"object that AWS works on is deleted", 0, []edit{{remove, `	if it.obs.Busy != nil {
		it.object.Waiting = it.obs.Busy`, `	if it.obs.Busy != nil && false {
		it.object.Waiting = it.obs.Busy`}},
		unit, "TestWhatAWSWorksOnIsNotDeletedYet"},
	{"deletion does not wait for the kind before", 0, []edit{{remove, `if waitingKind == "" || waitingKind == it.res.ID().Kind {`, `if true {`}},
		unit, "TestADeletionTakesOneKindAfterTheOther"},
	{"leftovers go in the order of their creation", 0, []edit{{remove, `range slices.Backward(p.ordered(leftovers))`, `range p.ordered(leftovers)`}},
		unit, "TestLeftoversGoInReverseOrder"},
	{"what was never made holds a deletion up", 0, []edit{{remove, `return it.obs == nil && it.object.Waiting != nil && !remembered(it.prior)`, `return false`}},
		unit, "TestWhatCannotBeLookedForYet"},
	{"what cannot be looked for is let go though status remembers it", 1, []edit{{remove, `return it.obs == nil && it.object.Waiting != nil && !remembered(it.prior)`, `return it.obs == nil && it.object.Waiting != nil`}},
		unit, "TestWhatCannotBeLookedForYet"},
	{"what could not be read is let go", 1, []edit{{remove, `return it.obs == nil && it.object.Waiting != nil && !remembered(it.prior)`, `return it.obs == nil && !remembered(it.prior)`}},
		unit, "TestWhatCannotBeLookedForYet"},
	{"leftover that could not be read is forgotten", 1, []edit{{remove, `obj.ARN, obj.Origin, obj.Began = it.prior.ARN, it.prior.Origin, it.prior.Began
		return true`, `obj.ARN, obj.Origin, obj.Began = it.prior.ARN, it.prior.Origin, it.prior.Began
		return false`}},
		unit, "TestWhatCannotBeLookedForYet"},
	{"group that is used by its id is pruned", 5, []edit{{remove, `[]string{o.ARN, o.Gives[GroupID]}`, `[]string{o.ARN}`}},
		unit, "TestWhatIsUsedByItsIDIsKept"},
	{"what is on its way out is deleted again", 0, []edit{{remove, `return ok && g.Gone(o)`, `return ok && false && g.Gone(o)`}},
		unit, "TestWhatIsOnItsWayOutIsGone"},
	{"what was released is called deleted", 0, []edit{{remove, `it.object.Done = append(it.object.Done, verb)`, `it.object.Done = append(it.object.Done, "deleted")`}},
		unit, "TestWhatWasRemovedIsSaid"},
	{"what was removed is not told", 0, []edit{{remove, `p.result.Removed = append(p.result.Removed, it.object)`, ``}},
		unit, "TestWhatWasRemovedIsSaid"},
	{"key that was made is forgotten when its alias is refused", 1, []edit{{making, `if err != nil && made(it.res) == "" && p.refused(err) {`, `if err != nil && p.refused(err) {`}},
		unit, "TestWhatWasMadeIsRememberedThoughTheRestWasRefused"},
	{"what was not asked for is remembered as begun", 1, []edit{{making, `if it.begun && !it.created {`, `if false {`}},
		unit, "TestWhatWasNotAskedForIsNotRemembered"},

	// The books of drift, and conditions.
	{"difference is new when its value changes", 0, []edit{{"internal/drift/book.go", `		e.FirstObserved = k.FirstObserved
		if k.Observed == e.Observed { // another value is another change
`, `		if k.Observed == e.Observed { // another value is another change
			e.FirstObserved = k.FirstObserved
`}},
		"internal/drift", "TestSinceWhenAndByWhom"},
	{"author of a value is taken for that of the next", 0, []edit{{"internal/drift/book.go", `if k.Observed == e.Observed {`, `if true {`}},
		"internal/drift", "TestSinceWhenAndByWhom"},
	{"difference of another object gives its time", 0, []edit{{"internal/drift/book.go", `k.Resource != e.Resource || k.Path != e.Path`, `k.Path != e.Path`}},
		"internal/drift", "TestSinceWhenAndByWhom"},
	{"medium differences come before high ones", 0, []edit{{"internal/drift/drift.go", `	case High:
		return 1
	case Medium:
		return 2`, `	case High:
		return 2
	case Medium:
		return 1`}},
		"internal/drift", "TestTheOrderOfDrift"},
	{"drift is sorted by field first", 0, []edit{{"internal/drift/book.go", `			strings.Compare(a.Resource, b.Resource),
			strings.Compare(a.Path, b.Path),`, `			strings.Compare(a.Path, b.Path),
			strings.Compare(a.Resource, b.Resource),`}},
		"internal/drift", "TestTheOrderOfDrift"},
	{"conditions of a newer version come first", 0, []edit{{"internal/conditions/conditions.go", `	return len(order)
`, `	return -1
`}},
		"internal/conditions", "TestTheOrderOfConditions"},

	// What status, retries, Events and accounts say.
	{"health of a profile is shown in AWS's own words", 9, []edit{{profiles + "/observe.go", `Message: awsapi.Sanitize(aws.ToString(issue.Message))})`, `Message: aws.ToString(issue.Message)})`}},
		profiles, "TestDeleteFailedIsAProblemWithAWSsReason"},
	{"error of the network is shown in its own words", 9, []edit{{awsapi + "/errors.go", `return "the connection failed; trying again"`, `return err.Error()`}},
		awsapi, "TestOnlyOurOwnWordsOfWhatIsNoAnswer"},
	{"what AWS says of refused credentials is shown", 9, []edit{{awsapi + "/credentials.go", `actionPrefixText(err), code, renew),`, `actionPrefixText(err), err, renew),`}},
		awsapi, "TestOnlyOurOwnWordsOfWhatIsNoAnswer"},
	{"worst differences are left out of fifty", 0, []edit{{"controllers/status.go", `current[:min(len(current), maxDrift)]`, `current[max(0, len(current)-maxDrift):]`}},
		controllers, "TestOfMoreThanFiftyDifferencesTheLeastAreLeftOut"},
	{"driftCount counts what is listed", 0, []edit{{"controllers/status.go", `count := int32(len(current))`, `count := int32(len(status.Drift))`}},
		controllers, "TestOfMoreThanFiftyDifferencesTheLeastAreLeftOut"},
	{"Drifted has the reason of the least difference", 0, []edit{{"controllers/status.go", `reason := current[0].Reason`, `reason := current[len(current)-1].Reason`}},
		controllers, "TestOfMoreThanFiftyDifferencesTheLeastAreLeftOut"},
	{"oldest repairs are kept", 0, []edit{{"controllers/status.go", `all[:min(len(all), maxRepairs)]`, `all[max(0, len(all)-maxRepairs):]`}},
		controllers, "TestTheLastTenRepairs"},
	{"last repair counts all repairs", 0, []edit{{"controllers/status.go", `Fields: int32(len(repaired))`, `Fields: int32(len(status.Repairs))`}},
		controllers, "TestTheLastTenRepairs"},
	{"posture is judged of what was not read", 0, []edit{{"controllers/status.go", `if o.Failure != nil && !o.Read`, `if o.Failure != nil && o.Read`}},
		controllers, "TestAnUnansweredCallIsNoFinding"},
	{"drift of what could not be read is forgotten", 0, []edit{{"controllers/status.go", `			entries = append(entries, ofResource(known, o.ID.String())...)
`, ``}},
		controllers, "TestWhatCouldNotBeReadStaysKnown"},
	{"difference does not say which controls it answers", 0, []edit{{"controllers/status.go", `		Controls: e.Controls, FirstObservedTime`, `		FirstObservedTime`}},
		controllers, "TestADifferenceIsListedInFull"},
	{"time of a difference is not read back", 0, []edit{{"controllers/status.go", `FirstObserved: d.FirstObservedTime.Time, ChangedBy`, `ChangedBy`}},
		controllers, "TestWhatCouldNotBeReadStaysKnown"},
	{"late event renames the author of a repair", 0, []edit{{"controllers/status.go", `if r := &status.Repairs[i]; r.ChangedBy == "" {`, `if r := &status.Repairs[i]; true {`}},
		controllers, "TestALateEventNamesNobodyElse"},
	{"quota is nobody's business", 0, []edit{{"controllers/verdict.go", `kind == failure.Invalid || kind == failure.Quota ||`, `kind == failure.Invalid ||`}},
		controllers, "TestWhatOnlyAPersonCanEnd"},
	{"permission that is missing for a moment stalls", 0, []edit{{"controllers/verdict.go", `kind == failure.AccessDenied && deniedLong`, `kind == failure.AccessDenied`}},
		controllers, "TestWhatOnlyAPersonCanEnd"},
	{"missing permission slows down the rest", 0, []edit{{"controllers/verdict.go", `{failure.Throttled, failure.Unreachable, failure.Transient, failure.NotFound, failure.AccessDenied, failure.Quota, failure.Invalid}`, `{failure.AccessDenied, failure.Throttled, failure.Unreachable, failure.Transient, failure.NotFound, failure.Quota, failure.Invalid}`}},
		controllers, "TestTheFailureThatPassesDecidesWhenToComeBack"},
	{"section that left the spec stays", 0, []edit{{"controllers/verdict.go", `			meta.RemoveStatusCondition(&profile.Status.Conditions, section)
`, `			_ = meta.RemoveStatusCondition
`}},
		controllers, "TestASectionSpeaksOfItsOwnObjects"},
	{"section warns of another one's objects", 0, []edit{{"controllers/verdict.go", `			if o.Section == section {
				messages = append(messages, w.Reason`, `			if o.Section != "" {
				messages = append(messages, w.Reason`}},
		controllers, "TestASectionSpeaksOfItsOwnObjects"},
	{"missing permission is tried later than all else", 0, []edit{{"controllers/retry.go", `RequeueAfter: min(r.timing.Denied, resync)`, `RequeueAfter: max(r.timing.Denied, resync)`}},
		controllers, "TestWhenToComeBack"},
	{"longest wait counts", 0, []edit{{"controllers/retry.go", `if shortest == 0 || next < shortest {`, `if next > shortest {`}},
		controllers, "TestTheSoonestWaitCounts"},
	{"wait for another object of the profile has a look of its own", 0, []edit{{"controllers/retry.go", `case o.Waiting != nil && !o.Waiting.Idle:`, `case o.Waiting != nil:`}},
		controllers, "TestTheSoonestWaitCounts"},
	{"permission that is back counts as missing", 0, []edit{{"controllers/retry.go", `		delete(r.denied, req)
		return false`, `		return false`}},
		controllers, "TestAPermissionThatIsBackIsForgotten"},
	{"back-off never ends", 0, []edit{{"controllers/retry.go", `	r.backoff.Forget(req)
	if wait > 0 {`, `	if wait > 0 {`}},
		controllers, "TestWhenToComeBack"},
	{"profile that is made anew is slowed down", 0, []edit{{"controllers/retry.go", `	r.backoff.Forget(req)
	r.deniedForLong`, `	r.deniedForLong`}},
		controllers, "TestWhenToComeBack"},
	{"pass that somebody waits for is periodic", 0, []edit{{"controllers/retry.go", `ctrl.Result{RequeueAfter: wait, Priority: &waitPriority}`, `ctrl.Result{RequeueAfter: wait}`}},
		controllers, "TestWhenToComeBack"},
	{"no drift is told of a new profile", 0, []edit{{"controllers/events.go", `return turned && (old != nil || c.Status == metav1.ConditionTrue)`, `return turned`}},
		controllers, "TestWhichConditionsAreToldAsEvents"},
	{"drift is told as a normal Event", 0, []edit{{"controllers/events.go", `bad := c.Type == v1alpha1.StalledCondition || c.Type == v1alpha1.DriftedCondition`, `bad := c.Type == v1alpha1.StalledCondition`}},
		controllers, "TestWhichConditionsAreToldAsEvents"},
	{"status conflict is swallowed", 0, []edit{{"controllers/write.go", `		return client.IgnoreNotFound(err)
	}
	told()`, `		if apierrors.IsConflict(err) {
			return nil
		}
		return client.IgnoreNotFound(err)
	}
	told()`}},
		controllers, "TestAStatusThatWasNotWrittenIsNotTold"},
	{"status that was not written is told", 0, []edit{{"controllers/write.go", `	err := c.Status().Patch(`, `	defer told()
	err := c.Status().Patch(`}, {"controllers/write.go", `	told()
	return nil`, `	return nil`}},
		controllers, "TestAStatusThatWasNotWrittenIsNotTold"},
	{"status is written on top of anything", 0, []edit{{"controllers/write.go", `err := c.Status().Patch(ctx, obj, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))`, `err := c.Status().Patch(ctx, obj, client.MergeFrom(before))`}},
		controllers, "TestAStatusThatWasNotWrittenIsNotTold"},
	{"namespace counts as the operator's when its name begins so", 8, []edit{{"controllers/accounts.go", `if namespace == a.OperatorNamespace {`, `if strings.HasPrefix(namespace, a.OperatorNamespace) {`}, {"controllers/accounts.go", `	"fmt"
`, `	"fmt"
	"strings"
`}},
		controllers, "TestNamesAreComparedWhole"},
	{"account is held up by another one's profiles", 0, []edit{{"controllers/awsaccount_controller.go", `profiles.Items[i].Spec.AccountRef.Name == account {`, `strings.HasPrefix(profiles.Items[i].Spec.AccountRef.Name, account) {`}, {"controllers/awsaccount_controller.go", `	"fmt"
`, `	"fmt"
	"strings"
`}},
		controllers, "TestNamesAreComparedWhole"},
	{"guardrail of policies is not read", 8, []edit{{"controllers/accounts.go", `		AllowedManagedPolicyARNs: g.AllowedManagedPolicyARNs,
`, ``}},
		controllers, "TestTheGuardrailsOfAnAccount"},
	{"account shows who it was before", 0, []edit{{"controllers/awsaccount_controller.go", `	status.CallerARN = ""
`, ``}},
		controllers, "TestAnAccountThatIsNotReachedHasNoCaller"},
	{"account that AWS refuses is on its way", 0, []edit{{"controllers/awsaccount_controller.go", `stalled := long || f.Kind == failure.Invalid`, `stalled := long`}},
		controllers, "TestAnAccountThatIsNotReachedHasNoCaller"},
}
