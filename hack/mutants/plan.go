// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, planMutants...) }

// planMutants are wrong changes of `kubectl fargatesec plan`.
var planMutants = []mutant{
	{"a plan writes", 0, []edit{{"resource.Plan", `	p.judgeAll() // what is adoptable`, `	p.act(ctx)
	p.judgeAll() // what is adoptable`}},
		"TestThePlanIsWhatHappens"},
	{"a plan lacks what it waits for", 0, []edit{{"missingStill", `if !f.exists[ref.From] {`, `if _, ok := f.values.Get(ref.From, ref.Value); !ok {`}},
		"TestThePlanIsWhatHappens"},
	{"a plan lacks what is no longer declared", 0, []edit{{"undeclared", `if !f.present(it) || f.isDeclared(it) {`, `if f.present(it) || f.isDeclared(it) {`}},
		"TestThePlanIsWhatHappens"},
	{"a plan repairs what a problem holds up", 0, []edit{{"changeable", `if !reached || it.blocks(order, d.Path) {`, `if !reached {`}},
		"TestThePlanIsWhatHappens"},
	{"a plan of a deletion says that all is deleted", 0, []edit{{"plannedRemoval", `case p.verb(it) == released:`, `case false:`}},
		"TestThePlanIsWhatHappens"},
	{"a read-only session writes", 0, []edit{{"readonly.Refuse", `!Reads(operation) {`, `len(operation) == 0 {`}},
		"TestAReadOnlySession"},
}
