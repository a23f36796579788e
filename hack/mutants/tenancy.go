// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, tenancyMutants...) }

const (
	claims  = "controllers/claims.go"
	actions = "internal/guardrails/actions.go"
	guard   = roles + "/guard.go"
	judging = "internal/guardrails"
)

// tenancyMutants let a namespace have what is another's, or a role what its account forbids.
var tenancyMutants = []mutant{
	{"claims are not asked for", 8, []edit{{"controllers/accounts.go",
		`if err := a.mayClaim(ctx, account, namespace, claims); err != nil {`,
		`if err := a.mayClaim(ctx, account, namespace, nil); err != nil {`}},
		controllers, "TestUnclaimedNames/all_namespaces/create"},
	{"claims are asked for in Enforce only", 8, []edit{{claims,
		`	s, spec := &stack{profile: profile}, profile.Spec
`, `	s, spec := &stack{profile: profile}, profile.Spec
	if spec.Mode != v1alpha1.ModeEnforce {
		return nil
	}
`}},
		controllers, "TestUnclaimedNames/another_one's_role/observe"},
	{"deletion is held against claims", 8, []edit{{reconciler,
		`bind(ctx, profile.Namespace, profile.Spec.AccountRef.Name)`,
		`bind(ctx, profile.Namespace, profile.Spec.AccountRef.Name, claimsOf(profile)...)`}},
		controllers, "TestAClaimThatIsTakenAway/RoleNames"},
	{"role that is referred to is no claim", 8, []edit{{claims,
		`Name: s.roleID().Name,`, `Name: s.roleName(),`}},
		controllers, "TestUnclaimedNames/another_one's_role_by_its_ARN/create"},
	{"default name is no claim", 8, []edit{{claims,
		`	if spec.Logging != nil {`, `	if spec.Logging != nil && spec.Logging.LogGroup.Name != "" {`}},
		controllers, "TestUnclaimedNames/the_log_group's_default_name/create"},
	{"key that is referred to is no claim", 8, []edit{{claims,
		`return []guardrails.Claim{{Kind: guardrails.KeyARN, Name: spec.KeyARN, Field: "spec.encryption.keyARN"}}`,
		`return nil`}},
		controllers, "TestUnclaimedNames/another_one's_key_by_its_ARN/create"},
	{"groups go to pods of any namespace", 8, []edit{{claims,
		`pods := spec.PodSecurityGroups; pods != nil {`,
		`pods := spec.PodSecurityGroups; pods != nil && false {`}},
		controllers, "TestUnclaimedNames/pods_of_another_one/create"},
	{"rule holds for every namespace", 8, []edit{{claims,
		`case selector.Matches(labels.Set(namespace)):`,
		`case selector.Matches(labels.Set(namespace)) || !selector.Empty():`}},
		controllers, "TestUnclaimedNames/everything,_by_rules_for_others_only/create"},
	{"list of names is not read", 8, []edit{{claims,
		`		guardrails.KeyARN:             rule.KeyARNs,
`, ``}},
		controllers, "TestEveryListOfARuleCounts"},
	{"selector is matched as a text", 8, []edit{{judging + "/claims.go",
		`	if c.Pattern {`, `	if c.Pattern && false {`}},
		judging, "TestUnclaimable"},
	{"rules lend each other their clusters", 8, []edit{{judging + "/claims.go",
		`if c.Cluster == "" ||`, `if c.Cluster != "nowhere" ||`}},
		judging, "TestUnclaimable"},
	{"wildcard covers only itself", 8, []edit{{documents + "/globcovers.go",
		`			front = repeated(g, front)
`, `			front = stepped(g, front, '*')
`}},
		documents, "TestGlobCovers"},
	{"wildcard that is none is forgotten", 8, []edit{{documents + "/globcovers.go",
		`func(k places) bool { return k.within(p, g) }`,
		`func(k places) bool { return true }`}},
		documents, "TestGlobCoversIsExact"},
	{"place behind a wildcard outdoes too much", 8, []edit{{documents + "/globcovers.go",
		`if here && !other[i] && i > star {`,
		`if here && !other[i] && i > star+1 {`}},
		documents, "TestGlobCoversIsExact"},
	{"inline action in other letters passes", 8, []edit{{actions,
		`canonical.GlobsMeet(strings.ToLower(action), forbidden)`,
		`canonical.GlobsMeet(action, forbidden)`}},
		judging, "TestGrantsForbidden"},
	{"NotAction grants nothing", 8, []edit{{actions,
		`if s.NotActions != nil && !slices`, `if len(s.NotActions) > 99 && !slices`}},
		judging, "TestGrantsForbidden"},
	{"exception of a part excepts all", 8, []edit{{actions,
		`canonical.GlobCovers(strings.ToLower(not), forbidden)`,
		`canonical.GlobsMeet(strings.ToLower(not), forbidden)`}},
		judging, "TestGrantsForbidden"},
	{"denied action counts as granted", 8, []edit{{guard,
		`if s.Effect == "Allow" {`, `if s.Effect != "" {`}},
		roles, "TestWhatAnInlinePolicyMayNotGrant"},
	{"inline policy that nobody can read passes", 8, []edit{{guard,
		`		return nil, err
	}
	var allow`, `		return nil, nil
	}
	var allow`}},
		roles, "TestInlineGuardrailHoldsForDeclarations"},
	{"declared inline policies are not held against the guardrail", 8, []edit{{roles + "/observe.go",
		`return append(problems, inlineGuardProblems(id, d.Guard, d.InlinePolicies)...)`,
		`return problems`}},
		roles, "TestInlineGuardrailHoldsForDeclarations"},
	{"unlisted inline policies are not held against the guardrail", 8, []edit{{guard,
		`return d.RemoveUnlisted || forbiddenInline(d, doc) }`,
		`return d.RemoveUnlisted }`}},
		roles, "TestForbiddenInlinePolicyIsTakenOff"},
	{"forbidden inline policy waits for its turn", 8, []edit{{roles + "/apply.go",
		`if forbiddenInline(*r.desired, role.InlinePolicies[name]) {`,
		`if forbiddenInline(*r.desired, role.InlinePolicies[name]) && false {`}},
		roles, "TestForbiddenInlinePolicyIsTakenOff"},
	{"existing role's inline policies are not held against the guardrail", 8, []edit{{roles + "/existing.go",
		`	out = append(out, inlineGuardProblems(r.ID(), r.guard, role.InlinePolicies)...)
`, ``}},
		roles, "TestExistingRoleIsHeldAgainstTheNewGuardrails"},
	{"existing role without boundary passes", 8, []edit{{roles + "/existing.go",
		`case r.guard.RequireBoundary && role.PermissionsBoundary == "":`,
		`case r.guard.RequireBoundary && role.PermissionsBoundary == "none":`}},
		roles, "TestExistingRoleIsHeldAgainstTheNewGuardrails"},
	{"role without boundary passes", 8, []edit{{judging + "/guardrails.go",
		`case g.RequireBoundary && cmp.Or(declared, g.PermissionsBoundaryARN) == "":`,
		`case g.RequireBoundary && cmp.Or(declared, g.PermissionsBoundaryARN) == "none":`}},
		judging, "TestRequiredBoundary"},
	{"guardrails of roles are not read", 8, []edit{{"controllers/accounts.go",
		`g.RequirePermissionsBoundary == v1alpha1.BoundaryRequiredAlways`,
		`g.RequirePermissionsBoundary == v1alpha1.BoundaryRequiredNever`}},
		controllers, "TestTheGuardrailsOfAnAccount"},
}
