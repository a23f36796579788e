// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, credentialsMutants...) }

// credentialsMutants misread why there are no credentials, and who denies.
var credentialsMutants = []mutant{
	{"answer of the credentials' agent counts as the call's", 0, []edit{{awsapi + "/errors.go",
		`		if obtaining(err) != nil {
			return obtainingKind(err)`,
		`		if obtaining(err) != nil && false {
			return obtainingKind(err)`}},
		awsapi, "TestTheAgentsAnswerIsNotTheCalls"},
	{"code of the credentials' agent counts as the call's", 0, []edit{{awsapi + "/errors.go",
		`	if obtaining(err) != nil {
		return ""`,
		`	if obtaining(err) != nil && false {
		return ""`}},
		awsapi, "TestTheAgentsAnswerIsNotTheCalls"},
	{"token that STS does not take stalls at once", 0, []edit{{awsapi + "/obtain.go",
		`		return failure.Invalid
	}
	return failure.AccessDenied`,
		`		return failure.Invalid
	}
	return failure.Invalid`}},
		awsapi, "TestNoCredentials"},
	{"issuer that cannot be reached is not tried again soon", 0, []edit{{awsapi + "/obtain.go",
		`case code == issuerUnreached, status`, `case status`}},
		awsapi, "TestNoCredentials"},
	{"message of an expired token holds the time", 9, []edit{{awsapi + "/sts.go",
		`"; it has expired, although`, `": SAID; it has expired, although`}},
		awsapi, "TestNoCredentials"},
	{"refused session tags are not named", 0, []edit{{awsapi + "/denied.go",
		`if strings.Contains(said, tagSession) {`, `if false {`}},
		awsapi, "TestNoCredentials"},
	{"keys of a Region that is off are only said to be refused", 0, []edit{{awsapi + "/credentials.go",
		`if unknownKeys[code] && optIn(region) &&`, `if false && optIn(region) &&`}},
		awsapi, "TestEachServiceRefusesKeysOfARegionThatIsOff"},
	{"an SCP's denial blames the operator's policy", 0, []edit{{awsapi + "/denied.go",
		`	case by != "":`, `	case by != "" && false:`}},
		awsapi, "TestWhoeverRefusesIsNamed"},
	{"published policy lacks sts:TagSession", 10, []edit{{awsapi + "/sts.go",
		`implied:    []string{assumeRole, tagSession},`, `implied: []string{assumeRole},`}},
		awsapi, "TestActionsCoverEveryService"},
	{"simulator lets tags go on to any role", 0, []edit{{"internal/awssim/sts.go",
		`		actions = append(actions, "sts:TagSession")`, `		actions = append(actions, "sts:AssumeRole")`}},
		"internal/awssim", "TestTransitiveTagsNeedTagSession"},
	{"a day of retention passes", 0, []edit{{"internal/controls/logs.go",
		`case g.RetentionDays < minRetentionDays:`, `case g.RetentionDays < 0:`}},
		"internal/controls", "TestControls"},
	{"a wide public range passes", 0, []edit{{"internal/controls/ingress.go",
		`return p.Bits() < muchV4`, `return p.Bits() < wideV4`}},
		"internal/controls", "TestControls"},
	{"a range that begins in a private network passes", 0, []edit{{"internal/controls/ingress.go",
		`return block.Bits() <= p.Bits() && block.Contains(p.Addr())`, `return block.Contains(p.Addr())`}},
		"internal/controls", "TestControls"},
}
