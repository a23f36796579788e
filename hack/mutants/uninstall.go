// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, uninstallMutants...) }

// uninstallMutants take for asked for what nobody asked for, and another installation's objects for their own.
var uninstallMutants = []mutant{
	{"going with the CRD counts as asked for", 3, []edit{{"causeOf",
		`at != nil && deleted`, `at != nil && false && deleted`}},
		"TestAProfileThatGoesWithItsCRDIsHeld/CRD_first"},
	{"two clocks are taken for one", 3, []edit{{"causeOf",
		`deleted.After(at.Add(-clocksApart))`, `deleted.After(at.Add(-time.Second))`}},
		"TestAProfileThatGoesWithItsCRDIsHeld/clocks_apart"},
	{"every deletion beside that of the CRD is held", 0, []edit{{"causeOf",
		`at != nil && deleted.After(at.Add(-clocksApart))`, `at != nil`}},
		"TestAProfileThatGoesWithItsCRDIsHeld/profile_long_before_the_CRD"},
	{"a CRD that was made anew is taken for the old one", 3, []edit{{"causeOf",
		`Time.Before(made) && deleted`, `Time.Before(made) && false && deleted`}},
		"TestAProfileThatGoesWithItsCRDIsHeld/CRD_made_anew"},
	{"going with the operator's namespace counts as asked for", 3, []edit{{"askedFor",
		`if p.object.GetNamespace() == p.Accounts.OperatorNamespace {`, `if p.object.GetNamespace() == "" {`}},
		"TestAProfileThatGoesWithItsCRDIsHeld/operator's_namespace_first"},
	{"confirmation holds for a copy", 3, []edit{{"askedFor",
		`== string(p.object.GetUID()) {`, `!= "" {`}},
		"TestTheWaysOutOfAHeldDeletion/confirmed_for_its_predecessor"},
	{"what may not be read counts as asked for", 3, []edit{{"goesWith",
		`return &accounts.Refusal{Reason: v1alpha1.ReasonHolderUnreadable,`, `_ = &accounts.Refusal{Reason: v1alpha1.ReasonHolderUnreadable,`}, {"goesWith", `(config/rbac)", h, p.Kind.Noun, err)}`, `(config/rbac)", h, p.Kind.Noun, err)}
		return nil`}},
		"TestNobodyIsDeletedByAnOperatorThatMayNotLook"},

	{"a second installation goes on", 3, []edit{{"TurnedAway",
		`return !i.Holds(tags) && slices.Contains(heldOf(tags).not, i.Me())`, `return false`}},
		"TestASecondInstallationIsNoticed"},
	{"who was there first does not say so", 0, []edit{{"installation.Claim",
		`case i.Superseded(tags):
		at :=`, `case false:
		at :=`}},
		"TestASecondInstallationIsNoticed"},
	{"what another installation looks after is deleted", 3, []edit{{"present",
		`&& p.opts.Installation.Holds(it.obs.Tags)`, ``}},
		"TestADeletionLeavesWhatAnotherHasTakenOver"},
	{"who took over before is forgotten", 0, []edit{{"installation.Claim",
		`from: append([]string{h.by}, h.from...), not: h.not}`, `from: []string{h.by}, not: h.not}`}},
		"TestTheExchangeEnds"},
	{"objects of older versions are signed for the sake of it", 6, []edit{{"installation.Claim",
		`case i.UID == "", h.by == "", h.by == i.Me()`, `case i.UID == "", h.by == i.Me()`}},
		"controllers.TestObjectsOfOlderVersions"},
	{"who changes an object of an older version does not sign it", 0, []edit{{"marked",
		`if next == nil || next.verb != "updated" ||`, `if next == nil || next.verb != "" ||`}},
		"controllers.TestObjectsOfOlderVersions"},
	{"Observe takes over", 0, []edit{{"wantedTags",
		`claim != "" && p.opts.Enforce {`, `claim != "" {`}},
		"TestObserveTakesNothingOver"},
	{"an installation that is gone is waited for", 0, []edit{{"installation.gone",
		`return slices.ContainsFunc(i.Former, func`, `return false && slices.ContainsFunc(i.Former, func`}},
		"TestAnInstallationThatIsGoneIsTakenOverForGood"},
}
