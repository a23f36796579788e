// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, shieldMutants...) }

// shieldMutants let what is wrong with one field or one call keep the rest of an object from being repaired or shown.
var shieldMutants = []mutant{
	{"problem freezes its object", 11, []edit{{acting,
		`case it.own != ours && len(it.object.Problems) > 0:`,
		`case len(it.object.Problems) > 0:`}},
		unit, "TestTroubleWithOneFieldShieldsNoOther"},
	{"problem holds up what takes away", 11, []edit{{changing,
		`order == Set && it.object.problemAt(path)`,
		`it.object.problemAt(path)`}},
		unit, "TestTroubleWithOneFieldShieldsNoOther"},
	{"problem holds up nothing", 8, []edit{{changing,
		`order == Set && it.object.problemAt(path)`,
		`false`}},
		unit, "TestProblemKeepsItsFieldFromBeingChanged"},
	{"first refusal ends the repair", 11, []edit{{changing,
		`	it.tried = append(it.tried, c.Paths...)`,
		`	if kind := p.kind(err); kind != "" {
		return false, err
	}
	it.tried = append(it.tried, c.Paths...)`}},
		unit, "TestTroubleWithOneFieldShieldsNoOther"},
	{"refused call is tried again in the same pass", 11, []edit{{changing,
		`	it.tried = append(it.tried, c.Paths...)
`, ``}},
		unit, "TestEveryErrorOfAPassIsTold"},
	{"batch is not taken apart", 11, []edit{{changing,
		`	case len(c.Singly) > 0 && (`,
		`	case false && (`}},
		unit, "TestTroubleWithOneFieldShieldsNoOther"},
	{"quota ends the repair", 11, []edit{{changing,
		`p.kind(err) == failure.Quota && i < len(changes)-1`,
		`false && i < 0`}},
		unit, "TestAtAQuotaWhatIsUnlistedMakesRoom"},
	{"guardrail waits for its turn", 8, []edit{{changing,
		`return int(a.Order - b.Order) })`,
		`return 0 })`}},
		unit, "TestWhatAGuardrailForbidsGoesFirst"},
	{"limit is lifted at once", 11, []edit{{changing,
		`case c.Order == Loosen && (`,
		`case false && (`}},
		unit, "TestALimitIsLiftedLast"},
	{"throttled object is asked on", 11, []edit{{changing,
		`case ctx.Err() != nil, kind == failure.Throttled, kind == failure.Unreachable:`,
		`case ctx.Err() != nil:`}},
		unit, "TestAThrottleEndsTheWorkOnTheObject"},
	{"what waits for what is held up is not shown", 11, []edit{{engine,
		`case own && !obj.stuckAt(d) && !p.stuck(d.WaitsFor):`,
		`case own && !obj.stuckAt(d):`}},
		unit, "TestWhatWaitsForWhatIsHeldUpIsShown"},
	{"edit that is held up is not shown", 11, []edit{{engine,
		`case own && !obj.stuckAt(d) && !p.stuck(d.WaitsFor):`,
		`case own:`}},
		unit, "TestTroubleWithOneFieldShieldsNoOther"},
	{"edit that is held up hides what comes later", 11, []edit{{engine,
		`done := repairs == 0 || p.opts.Enforce && len(obj.Pending) == 0 && it.prior.Hash != ""`,
		`done := repairs == 0`}},
		unit, "TestTroubleWithOneFieldShieldsNoOther"},
	{"object that may not be taken over is not shown", 11, []edit{{engine,
		`own := !p.matchedBefore(it) && !p.keptOut(it)`,
		`own := !p.matchedBefore(it)`}},
		unit, "TestAnObjectThatIsKeptOutIsShown"},
	{"only one error of a pass is told", 11, []edit{{"internal/resource/result.go",
		`	return append(all, o.Refusals...)`,
		`	if len(all) == 0 && len(o.Refusals) > 0 {
		all = o.Refusals[:1]
	}
	return all`}},
		unit, "TestEveryErrorOfAPassIsTold"},
	{"field that was not read counts as absent", 11, []edit{{"internal/resource/unread.go",
		`		if u.Path != "" {`,
		`		if false {`}},
		unit, "TestTroubleWithOneFieldShieldsNoOther"},
	{"boundary of somebody else's is taken off", 11, []edit{{roles + "/diff.go",
		`d.boundary() == "" && !slices.Contains(d.FormerBoundaryARNs, role.PermissionsBoundary)`,
		`false`}},
		roles, "TestBoundaryIsDroppedLastAndOnlyWhenNobodyWantsIt"},
	{"group's description that nobody declared is compared", 0, []edit{{groups + "/diff.go",
		`if d.Description != "" && d.Description != g.Description {`,
		`if cmp := d.Description; cmp != g.Description {`}},
		groups, "TestADescriptionThatIsNotDeclaredIsNotCompared"},
	{"alias of another profile's key is moved", 3, []edit{{keys + "/observe.go",
		`if d.aliasOwner != "" && d.aliasOwner != key.Tags[resource.OwnerTag] {`,
		`if false {`}},
		keys, "TestAnAliasOfAnothersKeyIsNotMoved"},
	{"role is stripped before IAM is asked", 3, []edit{{roles + "/delete.go",
		`	conflict, err := r.deleteRole(ctx)
	if err != nil || !conflict {
		return err
	}
	if err := r.inInstanceProfile(ctx); err != nil {
		return err
	}
`, ``}, {roles + "/delete.go", `	_, err = r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &r.name})
	return r.doing("deleting the role", unlessGone(err))
}

// deleteRole tells`, `	_, err := r.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &r.name})
	return r.doing("deleting the role", unlessGone(err))
}

// deleteRole tells`}},
		roles, "TestARoleThatMayNotBeDeletedStaysWhole"},
	{"alias goes before it is known that the key may", 3, []edit{{keys + "/delete.go",
		`			return r.doing("scheduling the deletion", err)`,
		`			_ = err`}},
		keys, "TestAKeyThatMayNotBeDeletedKeepsItsAlias"},
	{"principal that KMS does not see yet stalls at once", 0, []edit{{keys + "/principals.go",
		`&& r.principals.Refused(policy):`,
		`&& false:`}},
		keys, "TestAPrincipalThatKMSDoesNotSeeYetIsWaitedFor"},
	{"principal that there is not is waited for without end", 0, []edit{{"internal/memo/refusals.go",
		`return now.Sub(one.first) < r.patience`,
		`return now.Sub(one.first) >= 0`}},
		keys, "TestAPrincipalThatKMSDoesNotSeeYetIsWaitedFor"},
	{"references are revoked while nobody knows who uses the group", 3, []edit{{groups + "/delete.go",
		`	if len(holders) == 0 {
		return r.waiting(nil)
	}
`, ``}},
		groups, "TestAGroupWhoseUserIsNotShownStaysWhole"},
	{"ACTIVE is enough", 0, []edit{{profiles + "/diff.go",
		`if len(have.HealthIssues) == 0 ||`,
		`if true ||`}},
		profiles, "TestAnActiveProfileWithIssuesIsNotAsDeclared"},
	{"replica is told to rotate", 0, []edit{{keys + "/diff.go",
		`if o.key.Replica {`,
		`if false {`}},
		keys, "TestAReplicaIsNotToldToRotate"},
	{"retention is set on a class that has none", 0, []edit{{"internal/resources/loggroup/diff.go",
		`case group.Class == string(types.LogGroupClassDelivery):`,
		`case group.Class == string(types.LogGroupClassDelivery) && false:`}},
		"internal/resources/loggroup", "TestRetentionOfAClassThatHasNone"},
	{"rules of other controllers are removed", 0, []edit{{groups + "/diff.go",
		`func(i Ignored) bool { return i.fits(rule.Rule) }`,
		`func(i Ignored) bool { return false }`}},
		groups, "TestRulesOfOtherControllersAreLeftAlone"},
	{"ignored rules pass the guardrail", 8, []edit{{groups + "/diff.go",
		`return ignored(rule) && !forbidden[canonical.RuleKey(rule.Rule)]`,
		`return ignored(rule)`}},
		groups, "TestRulesOfOtherControllersAreLeftAlone"},
	{"contest is never noticed", 0, []edit{{"controllers/contested.go",
		`		repair.Times = max(repair.Times, e.Times+1, 2)
`, ``}},
		controllers, "TestAContestedFieldIsSaid"},
	{"contest never ends", 0, []edit{{"controllers/contested.go",
		`|| now.Sub(r.RepairedTime.Time) > contestedWithin {`,
		`{`}},
		controllers, "TestAContestedFieldIsSaid"},
	{"who waits is named before the cause", 0, []edit{{"controllers/verdict.go",
		`messages := []string{lead.message}`,
		`messages := []string{}`}},
		controllers, "TestTheCauseComesFirst"},
	{"search that is denied ends the pass", 11, []edit{{"controllers/leftovers.go",
		`if awsapi.OneRefused(err) {`,
		`if false {`}},
		controllers, "TestNoTroubleShieldsATampering"},
	{"released is called deleted", 0, []edit{{remove,
		`		return released
	}
	return deleted`,
		`		return deleted
	}
	return deleted`}},
		unit, "TestReleasedIsNotCalledDeleted"},
}
