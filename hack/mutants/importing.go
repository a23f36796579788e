// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, importMutants...) }

// importMutants are wrong changes of `kubectl fargatesec import`.
var importMutants = []mutant{
	{"import prints what drifts", 0, []edit{{"settle", `if !d.giveWay(result) {`, `if _ = result; true {`}},
		"TestWhatWasPickedByHandComesBack"},
	{"imported objects enforce", 0, []edit{{"prepare", `= v1alpha1.ModeObserve, v1alpha1.AdoptionPolicyAdopt, v1alpha1.DeletionPolicyRetain`,
		`= v1alpha1.ModeEnforce, v1alpha1.AdoptionPolicyAdopt, v1alpha1.DeletionPolicyRetain`}},
		"TestWhatWasPickedByHandComesBack"},
	{"two imported profiles declare one role", 0, []edit{{"readRole", `case d.roleUses[arn] > 1:`, `case d.roleUses[arn] > 9:`}},
		"TestWhatWasPickedByHandComesBack"},
	{"a value from AWS ends a comment", 0, []edit{{"comment", `for _, word := range strings.FieldsFunc(note, unicode.IsSpace) {
			word = strings.Map(printable, word)`, `for _, word := range strings.Split(note, " ") {`}},
		"TestNothingInAWSEndsAComment"},
	{"import is content with less than all", 0, []edit{{"flags.run", `if len(estate.Missed) > 0 {`, `if false {`}},
		"TestImportOfWhatMayNotBeRead"},
	{"import overwrites files", 0, []edit{{"writeFile", `os.O_WRONLY|os.O_CREATE|os.O_EXCL`, `os.O_WRONLY|os.O_CREATE`}},
		"TestImportWritesOneFileForEachObject"},
}
