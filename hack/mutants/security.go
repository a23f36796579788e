// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, securityMutants...) }

// securityMutants show a secret in one place each, reach for what is somebody else's, and enforce nothing.
var securityMutants = []mutant{
	{"log shows a secret", 9, []edit{{"controllers/events.go", `import (
	"context"
`, `import (
	"context"
	"os"
`}, {"controllers/events.go",
		`"reason", c.Reason, "message", c.Message)`,
		`"reason", c.Reason, "message", c.Message+os.Getenv("AWS_SECRET_ACCESS_KEY"))`}},
		controllers, "TestEverySecretIsHandled"},
	{"Event shows a secret", 9, []edit{{"controllers/events.go", `import (
	"context"
`, `import (
	"context"
	"os"
`}, {"controllers/events.go",
		`c.Type, note(c.Message))`,
		`c.Type, note(c.Message+os.Getenv("AWS_SESSION_TOKEN")))`}},
		controllers, "TestEverySecretIsHandled"},
	{"metric shows a request id", 9, []edit{{awsapi + "/middleware.go",
		`		if err != nil && code == "" {
			code = "none"`,
		`		if err != nil {
			code = err.Error()`}},
		controllers, "TestEverySecretIsHandled"},
	{"status shows the encoded message of a refusal", 9, []edit{{awsapi + "/errors.go",
		`message = encodedMessage.ReplaceAllString(message, "")`,
		``}},
		controllers, "TestEverySecretIsHandled"},
	{"somebody else's object gives its values", 3, []edit{{"internal/resource/engine.go",
		`if !obs.Exists || p.stopsUs(p.opts.ownerOf(it.res, obs, it.prior)) {`,
		`if !obs.Exists {`}},
		controllers, "TestOutOfReach/another_profile's_key"},
	{"simulator enforces no policy", 10, []edit{{"internal/awssim/core.go",
		`if err := s.authorize(c); err != nil {`,
		`if err := s.authorize(c); err != nil && false {`}},
		"internal/awssim", "TestEachStatementOfThePublishedPolicyIsEnforced"},
	{"simulator forgets what a creation passes on", 10, []edit{{"internal/awssim/enforce_needs.go",
		`	for _, service := range passedTo {`,
		`	for _, service := range passedTo[:0] {`}},
		"internal/awssim", "TestEachStatementOfThePublishedPolicyIsEnforced"},
}
