// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, kindMutants...) }

// kindMutants forget something about a kind of custom resource, or of AWS object.
var kindMutants = []mutant{
	{"owner tag does not say the kind", 3, []edit{{"Kind.Owner",
		`if !k.OwnerWithoutKind {`, `if false {`}},
		"TestKindsOfOneNameAreTwoOwners"},
	{"operator id has a slash", 3, []edit{{"main.run",
		`strings.Contains(o.operatorID, "/")`, `strings.HasPrefix(o.operatorID, "/")`}},
		"TestNoSlashInTheOperatorID"},
	{"change concerns kinds that see none of it", 0, []edit{{"Index.Find",
		`slices.Contains(accounts, known.account) && known.kind.Concerns(o) {`,
		`slices.Contains(accounts, known.account) {`}},
		"TestWhatAKindDoesNotSeeDoesNotConcernIt"},
	{"only one kind holds its account", 0, []edit{{"usersOf",
		`range r.Kinds {`, `range r.Kinds[:1] {`}},
		"TestEveryKindHoldsItsAccount"},
	{"kind has no Leftover", 1, []edit{{"loggroup.Descriptor",
		`Leftover: func(env *awsobject.Env, name, _ string) resource.Resource { return Leftover(env.Logs, name) },`, ``}},
		"TestEveryKindIsComplete/LogGroup"},
	{"kind has no ARNs", 1, []edit{{"securitygroup.Descriptor",
		`ARNType: "ec2:security-group",`, ``}},
		"TestEveryKindIsComplete/SecurityGroup"},
	{"no event tells of a kind", 0, []edit{{"kmskey.Descriptor",
		`Events: func(name, arn, _ string) []events.Object {
		return []events.Object{{Kind: events.Key, Name: awsobject.LastPart(arn)}, {Kind: events.Alias, Name: name}}
	},`, ``}},
		"TestEveryKindIsComplete/KMSKey"},
	{"kind of which everything is read counts as read singly", 1, []edit{{"iamrole.Descriptor",
		`PerAccount:`, `ReadSingly: true, PerAccount:`}},
		"TestKindsSayHowTheyAreRead/IAMRole"},
	{"write of one key outdates what was read of all", 0, []edit{{"kmskey.Descriptor",
		`ReadSingly: true,`, ``}},
		"TestKindsSayHowTheyAreRead/KMSKey"},
}
