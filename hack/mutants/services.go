// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, serviceMutants...) }

// serviceMutants forget something about an AWS service.
var serviceMutants = []mutant{
	{"service is not in the list", 0, []edit{{awsapi + "/service.go",
		`&kmsService, &logsService, `, `&kmsService, `}},
		awsapi, "TestEveryClientHasItsService"},
	{"service does not say what it answers for what is missing", 0, []edit{{awsapi + "/logs.go",
		`		"ResourceNotFoundException":      failure.NotFound,
`, ``}},
		awsapi, "TestServicesAreComplete"},
	{"what exists already is invalid", 0, []edit{{awsapi + "/kms.go",
		`"AlreadyExistsException":     failure.Transient,`, `"AlreadyExistsException": failure.Invalid,`}},
		awsapi, "TestCodesOnTheWire"},
	{"deletion needs no owner tag", 0, []edit{{awsapi + "/logs.go",
		`		deletes:   []string{"logs:DeleteLogGroup"},
`, ``}},
		awsapi, "TestServicesAreComplete"},
	{"IAM's rate limits are Regional", 0, []edit{{awsapi + "/iam.go",
		`global:  true,`, `global:  false,`}},
		awsapi, "TestEachServiceRefusesKeysOfARegionThatIsOff"},
	{"all writes of EC2 share one rate limit", 0, []edit{{awsapi + "/ec2.go",
		`perOperation: true,`, `perOperation: false,`}},
		awsapi, "TestThrottlesTeachAndQuotasDoNot"},
	{"quota is retried", 0, []edit{{awsapi + "/retry.go",
		`kindByCode[code] == failure.Quota || `, ``}},
		awsapi, "TestQuotasAreNotRetried"},
	{"nobody hears of a service's calls", 0, []edit{{"internal/events/service.go",
		`kmsService, logsService, iamService}`, `kmsService, iamService}`}},
		"internal/events", "TestWhatTheOperatorWritesIsKnown"},
	{"nobody hears of a call that the operator makes too", 0, []edit{{"internal/events/logs.go",
		`PutLogGroupDeletionProtection PutRetentionPolicy"`, `PutLogGroupDeletionProtection"`}},
		"internal/events", "TestWhatTheOperatorWritesIsKnown"},
	{"service has no EventBridge rule", 0, []edit{{"internal/events/service.go",
		`for _, s := range services {
		rule`, `for _, s := range services[1:] {
		rule`}},
		"hack/docgen", "TestEveryServiceHasItsRule"},
}
