// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, eventMutants...) }

const view = "internal/inventory"

// eventMutants believe old answers.
var eventMutants = []mutant{
	{"shared answers are acted on", 6, []edit{{"internal/resource/fresh.go",
		`if p.opts.Fresh == nil || it.fresh {`,
		`if true {`}},
		unit, "TestNothingIsRepairedOnOldWord"},
	{"Fresh is answered from memory", 0, []edit{{view + "/age.go",
		`return context.WithValue(ctx, ageKey{}, nil)`,
		`return ctx`}},
		view, "TestNobodyIsToldWhatWasTrueBefore"},
	{"what AWS is at work on is answered from memory", 0, []edit{{view + "/eks.go",
		`ok && profileChanges(last.FargateProfile) {`,
		`ok && profileChanges(last.FargateProfile) && false {`}},
		view, "TestWhatAWSIsAtWorkOnIsNotRemembered"},
	{"change in AWS does not outdate what was read", 0, []edit{{"controllers/changed.go",
		`		m.touch(change.Objects)
`, ``}},
		controllers, "TestWhoChangedItIsSaidEverywhere"},
}
