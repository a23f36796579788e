// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, promiseMutants...) }

// promiseMutants are small wrong changes: of a promise that api/v1alpha1 makes of status, or of a rule that one test alone
// holds.
var promiseMutants = []mutant{
	// Ownership, pruning and deletion.
	{"another owner whose name begins with ours counts as ours", 3, []edit{{"resource.ownerOf", `case tag == owner:`, `case strings.HasPrefix(tag, owner):`}},
		"TestOwnersAreComparedWhole"},
	{"another owner's object is taken down when its name begins with ours", 3, []edit{{"present", `it.obs.Tags[OwnerTag] == p.opts.Owner &&`,
		`strings.HasPrefix(it.obs.Tags[OwnerTag], p.opts.Owner) &&`}},
		"TestOwnersAreComparedWhole"},
	{"tag Created wins over an adoption that status remembers", 3, []edit{{"originOf", `case prior.Origin == Adopted:
		return Adopted
	case o.Tags[OriginTag] == string(Created), prior`, `case o.Tags[OriginTag] == string(Created), prior`}},
		"TestWhereAnOriginComesFrom"},
	{"status of another object makes this one Created", 3, []edit{{"originOf", `prior.Origin == Created && prior.ARN == o.ARN:
		return Created`, `prior.Origin == Created:
		return Created`}},
		"TestWhereAnOriginComesFrom"},
	{"object that was made anew by somebody else is ours by its name", 3, []edit{{"resource.ownerOf", `case remembered(prior) && prior.ARN == o.ARN:`, `case remembered(prior):`}},
		"TestWhatStatusRemembersAsOurs"},
	{"what was only referenced is remembered as ours", 3, []edit{{"resource.remembered", `return prior.Origin == Created || prior.Origin == Adopted`, `return prior.Origin != ""`}},
		"TestWhatStatusRemembersAsOurs"},
	{"adopted object without owner tag is forgotten", 3, []edit{{"resource.remembered", `return prior.Origin == Created || prior.Origin == Adopted`, `return prior.Origin == Created`}},
		"TestWhatStatusRemembersAsOurs"},
	{"tag without a value is not missed", 0, []edit{{"drift.Tags", `if have, ok := observed[key]; !ok || have != desired[key] {`, `if have := observed[key]; have != desired[key] {`}},
		"TestATagWithoutAValueIsATag"},
	{"lost owner tag is as bad as any tag", 0, []edit{{"diffTags", `diffs[i].Severity, diffs[i].Reason = drift.Medium, "OwnerTagChanged"`, `diffs[i].Reason = "OwnerTagChanged"`}},
		"TestHowBadATagIs"},
	{"pruning deletes under Retain", 3, []edit{{"prune", `uses := p.uses()
	settled`, `p.opts.Retain = false
	uses := p.uses()
	settled`}},
		"TestPruneUnderRetainReleases"},
	{"release leaves the origin tag", 0, []edit{{"resource.release", `keys := []string{OwnerTag, OriginTag}`, `keys := []string{OwnerTag}`}},
		"TestPruneUnderRetainReleases"},
	{"object that AWS works on is deleted", 0, []edit{{"resource.remove", `if it.obs.Busy != nil {
		it.object.Waiting = it.obs.Busy`, `if it.obs.Busy != nil && false {
		it.object.Waiting = it.obs.Busy`}},
		"TestWhatAWSWorksOnIsNotDeletedYet"},
	{"deletion does not wait for the kind before", 0, []edit{{"resource.Delete", `if waitingKind == "" || waitingKind == it.res.ID().Kind {`, `if true {`}},
		"TestADeletionTakesOneKindAfterTheOther"},
	{"leftovers go in the order of their creation", 0, []edit{{"prune", `range slices.Backward(p.ordered(leftovers))`, `range p.ordered(leftovers)`}},
		"TestLeftoversGoInReverseOrder"},
	{"what was never made holds a deletion up", 0, []edit{{"neverMade", `return it.obs == nil && it.object.Waiting != nil && !remembered(it.prior)`, `return false`}},
		"TestWhatCannotBeLookedForYet"},
	{"what cannot be looked for is let go though status remembers it", 1, []edit{{"neverMade", `return it.obs == nil && it.object.Waiting != nil && !remembered(it.prior)`, `return it.obs == nil && it.object.Waiting != nil`}},
		"TestWhatCannotBeLookedForYet"},
	{"what could not be read is let go", 1, []edit{{"neverMade", `return it.obs == nil && it.object.Waiting != nil && !remembered(it.prior)`, `return it.obs == nil && !remembered(it.prior)`}},
		"TestWhatCannotBeLookedForYet"},
	{"leftover that could not be read is forgotten", 1, []edit{{"present", `obj.ARN, obj.Origin, obj.Began = it.prior.ARN, it.prior.Origin, it.prior.Began
		return true`, `obj.ARN, obj.Origin, obj.Began = it.prior.ARN, it.prior.Origin, it.prior.Began
		return false`}},
		"TestWhatCannotBeLookedForYet"},
	{"group that is used by its id is pruned", 5, []edit{{"usedBy", `[]string{o.ARN, o.Gives[GroupID]}`, `[]string{o.ARN}`}},
		"TestWhatIsUsedByItsIDIsKept"},
	{"what is on its way out is deleted again", 0, []edit{{"resource.gone", `return ok && g.Gone(o)`, `return ok && false && g.Gone(o)`}},
		"TestWhatIsOnItsWayOutIsGone"},
	{"what was released is called deleted", 0, []edit{{"removed", `it.object.Done = append(it.object.Done, verb)`, `it.object.Done = append(it.object.Done, "deleted")`}},
		"TestWhatWasRemovedIsSaid"},
	{"what was removed is not told", 0, []edit{{"removed", `p.result.Removed = append(p.result.Removed, it.object)`, ``}},
		"TestWhatWasRemovedIsSaid"},
	{"key that was made is forgotten when its alias is refused", 1, []edit{{"resource.create", `if err != nil && made(it.res) == "" && p.refused(err) {`, `if err != nil && p.refused(err) {`}},
		"TestWhatWasMadeIsRememberedThoughTheRestWasRefused"},
	{"what was not asked for is remembered as begun", 1, []edit{{"beganAt", `if it.begun && !it.created {`, `if false {`}},
		"TestWhatWasNotAskedForIsNotRemembered"},

	// The books of drift, and conditions.
	{"difference is new when its value changes", 0, []edit{{"carryOver", `e.FirstObserved = k.FirstObserved
		if k.Observed == e.Observed { // another value is another change`, `if k.Observed == e.Observed { // another value is another change
			e.FirstObserved = k.FirstObserved`}},
		"TestSinceWhenAndByWhom"},
	{"author of a value is taken for that of the next", 0, []edit{{"carryOver", `if k.Observed == e.Observed {`, `if true {`}},
		"TestSinceWhenAndByWhom"},
	{"difference of another object gives its time", 0, []edit{{"carryOver", `k.Resource != e.Resource || k.Path != e.Path`, `k.Path != e.Path`}},
		"TestSinceWhenAndByWhom"},
	{"medium differences come before high ones", 0, []edit{{"Rank", `case High:
		return 1
	case Medium:
		return 2`, `case High:
		return 2
	case Medium:
		return 1`}},
		"TestTheOrderOfDrift"},
	{"drift is sorted by field first", 0, []edit{{"Merge", `strings.Compare(a.Resource, b.Resource),
			strings.Compare(a.Path, b.Path),`, `strings.Compare(a.Path, b.Path),
			strings.Compare(a.Resource, b.Resource),`}},
		"TestTheOrderOfDrift"},
	{"conditions of a newer version come first", 0, []edit{{"conditions.rank", `return len(order)`, `return -1`}},
		"TestTheOrderOfConditions"},

	// What status, retries, Events and accounts say.
	{"health of a profile is shown in AWS's own words", 9, []edit{{"fargateprofile.profileOf", `Message: awsapi.Sanitize(aws.ToString(issue.Message))})`, `Message: aws.ToString(issue.Message)})`}},
		"TestDeleteFailedIsAProblemWithAWSsReason"},
	{"error of the network is shown in its own words", 9, []edit{{"transportText", `return "the connection failed; trying again"`, `return err.Error()`}},
		"TestOnlyOurOwnWordsOfWhatIsNoAnswer"},
	{"what AWS says of refused credentials is shown", 9, []edit{{"awsapi.refusal", `actionPrefixText(err), code, renew),`, `actionPrefixText(err), err, renew),`}},
		"TestOnlyOurOwnWordsOfWhatIsNoAnswer"},
	{"worst differences are left out of fifty", 0, []edit{{"RecordDrift", `current[:min(len(current), maxDrift)]`, `current[max(0, len(current)-maxDrift):]`}},
		"TestOfMoreThanFiftyDifferencesTheLeastAreLeftOut"},
	{"driftCount counts what is listed", 0, []edit{{"RecordDrift", `count := int32(len(current))`, `count := int32(len(status.Drift))`}},
		"TestOfMoreThanFiftyDifferencesTheLeastAreLeftOut"},
	{"Drifted has the reason of the least difference", 0, []edit{{"RecordDrifted", `reason := current[0].Reason`, `reason := current[len(current)-1].Reason`}},
		"TestOfMoreThanFiftyDifferencesTheLeastAreLeftOut"},
	{"oldest repairs are kept", 0, []edit{{"recordRepairs", `all[:min(len(all), maxRepairs)]`, `all[max(0, len(all)-maxRepairs):]`}},
		"TestTheLastTenRepairs"},
	{"last repair counts all repairs", 0, []edit{{"recordRepairs", `Fields: int32(len(repaired))`, `Fields: int32(len(status.Repairs))`}},
		"TestTheLastTenRepairs"},
	{"posture is judged of what was not read", 0, []edit{{"recordPosture", `if o.Failure != nil && !o.Read`, `if o.Failure != nil && o.Read`}},
		"TestAnUnansweredCallIsNoFinding"},
	{"drift of what could not be read is forgotten", 0, []edit{{"currentDrift", `entries = append(entries, ofResource(known, o.ID.String())...)`, ``}},
		"TestWhatCouldNotBeReadStaysKnown"},
	{"difference does not say which controls it answers", 0, []edit{{"apiDrift", `Controls: e.Controls, FirstObservedTime`, `FirstObservedTime`}},
		"TestADifferenceIsListedInFull"},
	{"time of a difference is not read back", 0, []edit{{"knownDrift", `FirstObserved: d.FirstObservedTime.Time, ChangedBy`, `ChangedBy`}},
		"TestWhatCouldNotBeReadStaysKnown"},
	{"late event renames the author of a repair", 0, []edit{{"nameLate", `if r := &status.Repairs[i]; r.ChangedBy == "" {`, `if r := &status.Repairs[i]; true {`}},
		"TestALateEventNamesNobodyElse"},
	{"quota is nobody's business", 0, []edit{{"Stalls", `kind == failure.Invalid || kind == failure.Quota ||`, `kind == failure.Invalid ||`}},
		"TestWhatOnlyAPersonCanEnd"},
	{"permission that is missing for a moment stalls", 0, []edit{{"Stalls", `kind == failure.AccessDenied && deniedLong`, `kind == failure.AccessDenied`}},
		"TestWhatOnlyAPersonCanEnd"},
	{"missing permission slows down the rest", 0, []edit{{"WorstKind", `{failure.Throttled, failure.Unreachable, failure.Transient, failure.NotFound, failure.AccessDenied, failure.Quota, failure.Invalid}`, `{failure.AccessDenied, failure.Throttled, failure.Unreachable, failure.Transient, failure.NotFound, failure.Quota, failure.Invalid}`}},
		"TestTheFailureThatPassesDecidesWhenToComeBack"},
	{"section that left the spec stays", 0, []edit{{"RecordSections", `meta.RemoveStatusCondition(&obj.Found().Conditions, section)`, `_ = meta.RemoveStatusCondition`}},
		"TestASectionSpeaksOfItsOwnObjects"},
	{"section warns of another one's objects", 0, []edit{{"warnings", `if o.Section == section {
				messages = append(messages, w.Reason`, `if o.Section != "" {
				messages = append(messages, w.Reason`}},
		"TestASectionSpeaksOfItsOwnObjects"},
	{"missing permission is tried later than all else", 0, []edit{{"Retries.After", `RequeueAfter: min(r.timing.Denied, resync)`, `RequeueAfter: max(r.timing.Denied, resync)`}},
		"TestWhenToComeBack"},
	{"longest wait counts", 0, []edit{{"Retries.Wait", `if shortest == 0 || next < shortest {`, `if next > shortest {`}},
		"TestTheSoonestWaitCounts"},
	{"wait for another object of the profile has a look of its own", 0, []edit{{"Retries.Wait", `case o.Waiting != nil && !o.Waiting.Idle:`, `case o.Waiting != nil:`}},
		"TestTheSoonestWaitCounts"},
	{"permission that is back counts as missing", 0, []edit{{"DeniedForLong", `delete(r.denied, req)
		return false`, `return false`}},
		"TestAPermissionThatIsBackIsForgotten"},
	{"back-off never ends", 0, []edit{{"Retries.After", `r.backoff.Forget(req)
	if wait > 0 {`, `if wait > 0 {`}},
		"TestWhenToComeBack"},
	{"profile that is made anew is slowed down", 0, []edit{{"Retries.Forget", `r.backoff.Forget(req)
	r.DeniedForLong`, `r.DeniedForLong`}},
		"TestWhenToComeBack"},
	{"pass that somebody waits for is periodic", 0, []edit{{"Retries.After", `ctrl.Result{RequeueAfter: wait, Priority: &waitPriority}`, `ctrl.Result{RequeueAfter: wait}`}},
		"TestWhenToComeBack"},
	{"no drift is told of a new profile", 0, []edit{{"worthAnEvent", `return turned && (old != nil || c.Status == metav1.ConditionTrue)`, `return turned`}},
		"TestWhichConditionsAreToldAsEvents"},
	{"drift is told as a normal Event", 0, []edit{{"eventType", `bad := c.Type == v1alpha1.StalledCondition || c.Type == v1alpha1.DriftedCondition`, `bad := c.Type == v1alpha1.StalledCondition`}},
		"TestWhichConditionsAreToldAsEvents"},
	{"status conflict is swallowed", 0, []edit{{"patch.Status", `return client.IgnoreNotFound(err)
	}
	told()`, `if apierrors.IsConflict(err) {
			return nil
		}
		return client.IgnoreNotFound(err)
	}
	told()`}},
		"TestAStatusThatWasNotWrittenIsNotTold"},
	{"status that was not written is told", 0, []edit{{"patch.Status", `err := c.Status().Patch(`, `defer told()
	err := c.Status().Patch(`}, {"patch.Status", `told()
	return nil`, `return nil`}},
		"TestAStatusThatWasNotWrittenIsNotTold"},
	{"status is written on top of anything", 0, []edit{{"patch.Status", `err := c.Status().Patch(ctx, obj, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))`, `err := c.Status().Patch(ctx, obj, client.MergeFrom(before))`}},
		"TestAStatusThatWasNotWrittenIsNotTold"},
	{"namespace counts as the operator's when its name begins so", 8, []edit{{"mayUse", `if namespace == a.OperatorNamespace {`, `if strings.HasPrefix(namespace, a.OperatorNamespace) {`}},
		"TestNamespacesAreComparedWhole"},
	{"account is held up by another one's profiles", 0, []edit{{"usersOf", `obj.Declared().AccountRef.Name == account {`, `strings.HasPrefix(obj.Declared().AccountRef.Name, account) {`}},
		"TestNamesAreComparedWhole"},
	{"guardrail of policies is not read", 8, []edit{{"guardOf", `AllowedManagedPolicyARNs: g.AllowedManagedPolicyARNs,`, ``}},
		"TestTheGuardrailsOfAnAccount"},
	{"account shows who it was before", 0, []edit{{"report", `status.CallerARN = ""`, ``}},
		"TestAnAccountThatIsNotReachedHasNoCaller"},
	{"account that AWS refuses is on its way", 0, []edit{{"judge", `stalled := long || f.Kind == failure.Invalid`, `stalled := long`}},
		"TestAnAccountThatIsNotReachedHasNoCaller"},
}
