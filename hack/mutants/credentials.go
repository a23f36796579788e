// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, credentialsMutants...) }

// credentialsMutants misread why there are no credentials, and who denies.
var credentialsMutants = []mutant{
	{"answer of the credentials' agent counts as the call's", 0, []edit{{"answerKind",
		`if obtaining(err) != nil {
			return obtainingKind(err)`,
		`if obtaining(err) != nil && false {
			return obtainingKind(err)`}},
		"TestTheAgentsAnswerIsNotTheCalls"},
	{"code of the credentials' agent counts as the call's", 0, []edit{{"Code",
		`if obtaining(err) != nil {
		return ""`,
		`if obtaining(err) != nil && false {
		return ""`}},
		"TestTheAgentsAnswerIsNotTheCalls"},
	{"token that STS does not take stalls at once", 0, []edit{{"obtainingKind",
		`return failure.Invalid
	}
	return failure.AccessDenied`,
		`return failure.Invalid
	}
	return failure.Invalid`}},
		"TestNoCredentials"},
	{"issuer that cannot be reached is not tried again soon", 0, []edit{{"obtainingKind",
		`case code == issuerUnreached, status`, `case status`}},
		"TestNoCredentials"},
	{"message of an expired token holds the time", 9, []edit{{"tokenAdvice",
		`"; it has expired, although`, `": SAID; it has expired, although`}},
		"TestNoCredentials"},
	{"refused session tags are not named", 0, []edit{{"adviceForRole",
		`if strings.Contains(said, tagSession) {`, `if false {`}},
		"TestNoCredentials"},
	{"keys of a Region that is off are only said to be refused", 0, []edit{{"awsapi.refusal",
		`if unknownKeys[code] && optIn(region) &&`, `if false && optIn(region) &&`}},
		"TestEachServiceRefusesKeysOfARegionThatIsOff"},
	{"an SCP's denial blames the operator's policy", 0, []edit{{"denials.Advice",
		`case by != "":`, `case by != "" && false:`}},
		"TestWhoeverRefusesIsNamed"},
	{"published policy lacks sts:TagSession", 10, []edit{{"stsService",
		`implied: []string{assumeRole, tagSession},`, `implied: []string{assumeRole},`}},
		"TestActionsCoverEveryService"},
	{"simulator lets tags go on to any role", 0, []edit{{"sessionActions",
		`actions = append(actions, "sts:TagSession")`, `actions = append(actions, "sts:AssumeRole")`}},
		"TestTransitiveTagsNeedTagSession"},
	{"a day of retention passes", 0, []edit{{"keptForAYear",
		`case g.RetentionDays < minRetentionDays:`, `case g.RetentionDays < 0:`}},
		"TestControls"},
	{"a wide public range passes", 0, []edit{{"muchPublic",
		`return p.Bits() < muchV4`, `return p.Bits() < wideV4`}},
		"TestControls"},
	{"a range that begins in a private network passes", 0, []edit{{"muchPublic",
		`return block.Bits() <= p.Bits() && block.Contains(p.Addr())`, `return block.Contains(p.Addr())`}},
		"TestControls"},
}
