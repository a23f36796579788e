// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, securityMutants...) }

// securityMutants show a secret in one place each, reach for what is somebody else's, and enforce nothing.
var securityMutants = []mutant{
	{"log shows a secret", 9, []edit{{"Announce",
		`"reason", c.Reason, "message", c.Message)`,
		`"reason", c.Reason, "message", c.Message+os.Getenv("AWS_SECRET_ACCESS_KEY"))`}},
		"TestEverySecretIsHandled"},
	{"Event shows a secret", 9, []edit{{"Announce",
		`c.Type, Note(c.Message))`,
		`c.Type, Note(c.Message+os.Getenv("AWS_SESSION_TOKEN")))`}},
		"TestEverySecretIsHandled"},
	{"metric shows a request id", 9, []edit{{"observeCall",
		`if err != nil && code == "" {
			code = "none"`,
		`if err != nil {
			code = err.Error()`}},
		"TestEverySecretIsHandled"},
	{"status shows the encoded message of a refusal", 9, []edit{{"sanitizeOnce",
		`message = encodedMessage.ReplaceAllString(message, "")`,
		``}},
		"TestEverySecretIsHandled"},
	{"somebody else's object gives its values", 3, []edit{{"resource.take",
		`if !obs.Exists || p.stopsUs(p.opts.ownerOf(it.res, obs, it.prior)) {`,
		`if !obs.Exists {`}},
		"TestOutOfReach/another_profile's_key"},
	{"simulator enforces no policy", 10, []edit{{"runLocked",
		`if err := s.authorize(c); err != nil {`,
		`if err := s.authorize(c); err != nil && false {`}},
		"TestEachStatementOfThePublishedPolicyIsEnforced"},
	{"simulator forgets what a creation passes on", 10, []edit{{"createProfileNeeds",
		`for _, service := range passedTo {`,
		`for _, service := range passedTo[:0] {`}},
		"TestEachStatementOfThePublishedPolicyIsEnforced"},
}
