// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, inputMutants...) }

const documents = "internal/canonical"

// inputMutants take declarations that say a thing twice.
var inputMutants = []mutant{
	{"JSON says a thing twice", 0, []edit{{documents + "/json.go",
		`		if f.name == name {`, `		if f.name == name && depth < 4 {`}},
		documents, "TestWhatIsSaidTwiceIsRefused"},
	{"condition key is there twice in two spellings", 0, []edit{{documents + "/validate_condition.go",
		`		folded := strings.ToLower(f.name)`, `		folded := f.name`}},
		documents, "TestWhatIsSaidTwiceIsRefused"},
	{"statement of a key policy is not checked", 0, []edit{{keys + "/policy.go",
		`canonical.ValidateKeyStatement(text); err != nil {`, `canonical.ValidateKeyStatement(text); false {`}},
		keys, "TestPolicyRefusesBadStatements"},
	{"key policy is longer than KMS takes", 0, []edit{{keys + "/policy.go",
		`n > canonical.MaxKeyPolicySize {`, `n > canonical.MaxKeyPolicySize*2 {`}},
		keys, "TestPolicyRefusesBadStatements"},
	{"length of the key policy is asked without the log groups", 0, []edit{{"controllers/problems.go",
		`s.keyPolicy(encryption.KMSKey.AdditionalStatements)`, `kmskey.Policy(s.account.Scope, nil, encryption.KMSKey.AdditionalStatements)`},
		{"controllers/problems.go",
			`	"github.com/fargate-security/fargate-security-operator/internal/resource"
`, `	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/kmskey"
`}},
		controllers, "TestBadInputIsRefusedBeforeTheFirstWrite/key_policy_that_is_too_long_with_the_operator's_own_statements"},
}
