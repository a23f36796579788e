// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, inputMutants...) }

// inputMutants take declarations that say a thing twice.
var inputMutants = []mutant{
	{"JSON says a thing twice", 0, []edit{{"canonical.field",
		`if f.name == name {`, `if f.name == name && depth < 4 {`}},
		"TestWhatIsSaidTwiceIsRefused"},
	{"condition key is there twice in two spellings", 0, []edit{{"twins",
		`folded := strings.ToLower(f.name)`, `folded := f.name`}},
		"TestWhatIsSaidTwiceIsRefused"},
	{"statement of a key policy is not checked", 0, []edit{{"kmskey.Policy",
		`canonical.ValidateKeyStatement(text); err != nil {`, `canonical.ValidateKeyStatement(text); false {`}},
		"TestPolicyRefusesBadStatements"},
	{"key policy is longer than KMS takes", 0, []edit{{"kmskey.Policy",
		`n > canonical.MaxKeyPolicySize {`, `n > canonical.MaxKeyPolicySize*2 {`}},
		"TestPolicyRefusesBadStatements"},
	{"length of the key policy is asked without the log groups", 0, []edit{{"keyProblems",
		`s.keyPolicy(encryption.KMSKey.AdditionalStatements)`, `kmskey.Policy(s.Scope, nil, encryption.KMSKey.AdditionalStatements)`}},
		"TestBadInputIsRefusedBeforeTheFirstWrite/key_policy_that_is_too_long_with_the_operator's_own_statements"},
}
