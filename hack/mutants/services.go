// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, serviceMutants...) }

// serviceMutants forget something about an AWS service.
var serviceMutants = []mutant{
	{"service is not in the list", 0, []edit{{"awsapi.services",
		`&kmsService, &logsService,`, `&kmsService,`}},
		"TestEveryClientHasItsService"},
	{"service does not say what it answers for what is missing", 0, []edit{{"awsapi.logsService",
		`"ResourceNotFoundException": failure.NotFound,`, ``}},
		"awsapi.TestServicesAreComplete"},
	{"what exists already is invalid", 0, []edit{{"awsapi.kmsService",
		`"AlreadyExistsException": failure.Transient,`, `"AlreadyExistsException": failure.Invalid,`}},
		"TestCodesOnTheWire"},
	{"deletion needs no owner tag", 0, []edit{{"awsapi.logsService",
		`deletes: []string{"logs:DeleteLogGroup"},`, ``}},
		"awsapi.TestServicesAreComplete"},
	{"IAM's rate limits are Regional", 0, []edit{{"awsapi.iamService",
		`global: true,`, `global: false,`}},
		"TestEachServiceRefusesKeysOfARegionThatIsOff"},
	{"all writes of EC2 share one rate limit", 0, []edit{{"awsapi.ec2Service",
		`perOperation: true,`, `perOperation: false,`}},
		"TestThrottlesTeachAndQuotasDoNot"},
	{"quota is retried", 0, []edit{{"awsapi.final",
		`kindByCode[code] == failure.Quota ||`, ``}},
		"TestQuotasAreNotRetried"},
	{"nobody hears of a service's calls", 0, []edit{{"events.services",
		`kmsService, logsService, iamService}`, `kmsService, iamService}`}},
		"TestWhatTheOperatorWritesIsKnown"},
	{"nobody hears of a call that the operator makes too", 0, []edit{{"events.logsService",
		`PutLogGroupDeletionProtection PutRetentionPolicy"`, `PutLogGroupDeletionProtection"`}},
		"TestWhatTheOperatorWritesIsKnown"},
	{"service has no EventBridge rule", 0, []edit{{"events.Rules",
		`for _, s := range services {`, `for _, s := range services[1:] {`}},
		"TestEveryServiceHasItsRule"},
}
